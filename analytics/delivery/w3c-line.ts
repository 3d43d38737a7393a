/**
 * The lines of CloudFront's standard log, as its guide says under "Standard logging (access logs)": W3C extended
 * format, tabs between 33 fields, `-` for what there isn't.
 */
const FIELDS = [
  'date',
  'time',
  'x-edge-location',
  'sc-bytes',
  'c-ip',
  'cs-method',
  'cs(Host)',
  'cs-uri-stem',
  'sc-status',
  'cs(Referer)',
  'cs(User-Agent)',
  'cs-uri-query',
  'cs(Cookie)',
  'x-edge-result-type',
  'x-edge-request-id',
  'x-host-header',
  'cs-protocol',
  'cs-bytes',
  'time-taken',
  'x-forwarded-for',
  'ssl-protocol',
  'ssl-cipher',
  'x-edge-response-result-type',
  'cs-protocol-version',
  'fle-status',
  'fle-encrypted-fields',
  'c-port',
  'time-to-first-byte',
  'x-edge-detailed-result-type',
  'sc-content-type',
  'sc-content-len',
  'sc-range-start',
  'sc-range-end',
]

/** What a file begins with. */
export const W3C_HEADER = `#Version: 1.0\n#Fields: ${FIELDS.join(' ')}\n`

/** Values that batch-records.sql gives of a record, in its order. */
const COLUMNS = 26

/**
 * A record as its line, with its line feed.
 *
 * Not in it, because not in the store either: cookies, the viewer's port and `X-Forwarded-For`. `c-ip` is the
 * beginning of the viewer's network.
 *
 * @param values of one row of batch-records.sql, a row of ClickHouse's TSV
 */
export function w3cLine(row: string): string {
  const values = row.split('\t')
  if (values.length !== COLUMNS) throw new Error(`a record has ${values.length} values, not ${COLUMNS}`)
  const [date, time, node, bytes, address, method, host, path, status, referer, agent, query, ...rest] =
    values.map(fieldOf)
  const [result, id, scheme, received, taken, tls, cipher, version, firstByte, detailed, ...content] = rest
  return `${[
    ...[date, time, node, bytes, address, method, host, path, status, referer, agent, query, '-'],
    ...[result, id, host, scheme, received, taken, '-', tls, cipher, result, version],
    ...['-', '-', '-', firstByte, detailed, ...content],
  ].join('\t')}\n`
}

/** What is written as it is; the rest is percent-encoded, each byte for itself. */
const PLAIN = /^[!$&()*+,\-./0-9:;=?@A-Z_a-z]+$/
const EACH_OTHER = /[^!$&()*+,\-./0-9:;=?@A-Z_a-z]/gu

/** A value of ClickHouse's TSV as a field. */
function fieldOf(value: string): string {
  if (value === '') return '-'
  if (PLAIN.test(value)) return value
  return unescaped(value).replace(EACH_OTHER, percentEncoded)
}

/**
 * CloudFront encodes the bytes 0 to 32 and from 127 on, and `< > " # % { } | \ ^ ~ [ ] ` '`: so a `%20` of the
 * address becomes `%2520`.
 */
function percentEncoded(character: string): string {
  const code = character.codePointAt(0) ?? 0
  if (code < 0x80) return `%${code.toString(16).toUpperCase().padStart(2, '0')}`
  return Buffer.from(character).toString('hex').toUpperCase().replace(/../g, '%$&')
}

const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', '0': '\0' }

/** What ClickHouse's TSV says (its escapes begin with a backslash). */
function unescaped(value: string): string {
  return value.replace(/\\(.)/gsu, (_escape, character: string) => ESCAPES[character] ?? character)
}

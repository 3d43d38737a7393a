import { formatText } from '../../edge/log/record.ts'
import { hostOf, type LineParser, type LogLine, type ParsedLine, percentDecoded } from './log-line.ts'

const FIELDS = /^#Fields:\s*(.+)$/

/** Without these a line says nothing that could be counted. */
const NEEDED = ['date', 'time', 'c-ip', 'cs-method', 'cs-uri-stem', 'sc-status', 'sc-bytes']

/** Reads CloudFront's standard log (W3C extended): `#Fields` says which values a line has. */
export function cloudFrontParser(): LineParser {
  let fields: readonly string[] | undefined

  return (line) => {
    if (line.startsWith('#')) {
      const names = FIELDS.exec(line)?.[1]?.trim().split(/\s+/)
      if (names !== undefined) fields = names
      return undefined
    }
    if (fields === undefined) return { reason: 'line: there is no #Fields line before it' }
    const missing = NEEDED.find((name) => !fields?.includes(name))
    if (missing !== undefined) return { reason: `${missing}: #Fields does not name it` }
    const values = line.split('\t')
    if (values.length !== fields.length) {
      return { reason: `line: has ${values.length} values, #Fields names ${fields.length}` }
    }
    const byName: Record<string, string> = {}
    for (let at = 0; at < fields.length; at += 1) {
      byName[fields[at] as string] = values[at] === '-' ? '' : (values[at] as string)
    }
    return lineOf(byName)
  }
}

function lineOf(value: Record<string, string>): ParsedLine {
  const text = (name: string) => formatText(percentDecoded(value[name] ?? ''))
  const number = (name: string) => formatText(value[name] ?? '') || '0'
  const timeMs = timeOf(value.date ?? '', value.time ?? '')
  if (timeMs === undefined) return { reason: 'time: is no date and time of the calendar' }
  const takenUs = microseconds(number('time-taken'))
  const firstByteUs = microseconds(number('time-to-first-byte'))
  if (takenUs === undefined) return { reason: 'time-taken: is no number of seconds' }
  if (firstByteUs === undefined) return { reason: 'time-to-first-byte: is no number of seconds' }
  const resultType = text('x-edge-result-type')
  const line: LogLine = {
    timeMs,
    node: text('x-edge-location'),
    clientIp: text('c-ip'),
    host: hostOf(text('x-host-header') || text('cs(Host)')),
    method: text('cs-method'),
    path: text('cs-uri-stem'),
    // 000: the viewer left before there was any.
    status: text('sc-status'),
    bytesSent: text('sc-bytes'),
    query: text('cs-uri-query'),
    referer: text('cs(Referer)'),
    userAgent: text('cs(User-Agent)'),
    scheme: text('cs-protocol'),
    protocolVersion: text('cs-protocol-version'),
    bytesReceived: number('cs-bytes'),
    timeTakenUs: takenUs,
    timeToFirstByteUs: firstByteUs,
    resultType,
    detailedResultType: text('x-edge-detailed-result-type') || resultType,
    contentType: mediaTypeOf(text('sc-content-type')),
    contentLength: text('sc-content-len'),
    rangeStart: text('sc-range-start'),
    rangeEnd: text('sc-range-end'),
    clientPort: number('c-port'),
    tlsProtocol: text('ssl-protocol'),
    tlsCipher: text('ssl-cipher'),
    country: text('c-country'),
  }
  return { line }
}

/** Without its parameters. */
function mediaTypeOf(contentType: string): string {
  return (contentType.split(';', 1)[0] ?? '').trim().toLowerCase()
}

/** UTC, as Unix ms. */
function timeOf(date: string, time: string): string | undefined {
  if (!/^\d{4}-\d\d-\d\d$/.test(date) || !/^\d\d:\d\d:\d\d$/.test(time)) return undefined
  const timeMs = Date.parse(`${date}T${time}Z`)
  if (Number.isNaN(timeMs) || new Date(timeMs).toISOString().slice(0, 10) !== date) return undefined
  return String(timeMs)
}

/** @param seconds as `0.083` */
function microseconds(seconds: string): string | undefined {
  if (!/^\d{1,9}(\.\d{1,9})?$/.test(seconds)) return undefined
  return String(Math.round(Number(seconds) * 1e6))
}

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createParser } from '../../analytics/import/parser-of.ts'
import { combinedLine, importHouse } from './imports.ts'

const parsed = (...lines: string[]) => {
  const parse = createParser()
  return lines.map((line) => parse(line.replace(/\n$/, ''))).at(-1)
}

const FIELDS =
  '#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) ' +
  'cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes ' +
  'time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status ' +
  'fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len ' +
  'sc-range-start sc-range-end'

/** As CloudFront's own documentation has it, but for the names. */
const CLOUDFRONT =
  '2026-10-04\t21:02:31\tLAX1\t392\t192.0.2.100\tGET\td111111abcdef8.cloudfront.net\t/in%2520dex.html\t200\t-\t' +
  'Mozilla/5.0%20(Windows%20NT%2010.0;%20Win64;%20x64)\ta=%2522b\t-\tHit\tSOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZmBNrjGdRLiNIQ==\t' +
  'www.Example.com\thttps\t23\t0.001\t-\tTLSv1.2\tECDHE-RSA-AES128-GCM-SHA256\tHit\tHTTP/2.0\t-\t-\t11040\t0.0005\tHit\t' +
  'text/html;%20charset=utf-8\t78\t-\t-'

describe('a line of CloudFront’s log', () => {
  const line = (different: Record<number, string> = {}) => {
    const values = CLOUDFRONT.split('\t').map((value, at) => different[at] ?? value)
    return parsed('#Version: 1.0', FIELDS, values.join('\t'))
  }

  test('is read by the names of #Fields, and decoded once', () => {
    expect(line()).toEqual({
      line: expect.objectContaining({
        timeMs: String(Date.UTC(2026, 9, 4, 21, 2, 31)),
        node: 'LAX1',
        bytesSent: '392',
        clientIp: '192.0.2.100',
        host: 'www.example.com',
        path: '/in%20dex.html',
        query: 'a=%22b',
        userAgent: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64)',
        referer: '',
        timeTakenUs: '1000',
        timeToFirstByteUs: '500',
        contentType: 'text/html',
        contentLength: '78',
        rangeStart: '',
        protocolVersion: 'HTTP/2.0',
      }),
    })
  })

  test.each([
    ['a day that is none', { 0: '2026-02-30' }, 'time: is no date and time of the calendar'],
    ['a time that is none', { 1: '25:00:00' }, 'time: is no date and time of the calendar'],
    ['a duration that is none', { 18: 'NaN' }, 'time-taken: is no number of seconds'],
    ['a value too many', { 5: 'GET\tGET' }, 'line: has 34 values, #Fields names 33'],
  ])('is rejected with %s', (_what, different, reason) => {
    expect(line(different)).toEqual({ reason })
  })

  test('needs #Fields before it, which name what can be counted', () => {
    expect(parsed('#Version: 1.0', CLOUDFRONT)).toEqual({
      reason: 'line: there is no #Fields line before it',
    })
    expect(parsed('#Version: 1.0', '#Fields: date time', 'a\tb')).toEqual({
      reason: 'c-ip: #Fields does not name it',
    })
  })
})

describe('a line of a web server’s log', () => {
  test('has its time zone', () => {
    const timeMs = Date.UTC(2026, 9, 5, 13, 55, 36)
    const at = (zone: string) => parsed(combinedLine({ timeMs, zone }))

    expect(at('+0000')).toMatchObject({ line: { timeMs: String(timeMs) } })
    expect(at('-0730')).toMatchObject({ line: { timeMs: String(timeMs + 7.5 * 3_600_000) } })
    expect(at('+0200')).toMatchObject({ line: { timeMs: String(timeMs - 2 * 3_600_000) } })
  })

  test.each([
    [
      'common',
      '192.0.2.1 - frank [05/Oct/2026:13:55:36 +0000] "GET /a?b HTTP/1.0" 200 -',
      { userAgent: '', bytesSent: '0' },
    ],
    [
      'with a user of two words',
      '192.0.2.1 - a b [05/Oct/2026:13:55:36 +0000] "GET /a HTTP/1.0" 200 7',
      { path: '/a' },
    ],
    [
      'with a virtual host',
      'Shop.example:80 192.0.2.1 - - [05/Oct/2026:13:55:36 +0000] "GET /a HTTP/1.0" 304 0 "-" "x"',
      { host: 'shop.example', scheme: 'http', clientIp: '192.0.2.1' },
    ],
    [
      'with X-Forwarded-For behind',
      '2001:db8::1 - - [05/Oct/2026:13:55:36 +0000] "GET /a HTTP/1.0" 200 0 "-" "x" "198.51.100.1"',
      { clientIp: '2001:db8::1', userAgent: 'x' },
    ],
    [
      'with escapes',
      '192.0.2.1 - - [05/Oct/2026:13:55:36 +0000] "GET /\\xc3\\xa4\\"\\\\ HTTP/1.0" 200 0 "-" "a\\tb"',
      { path: '/%C3%A4"%5C', userAgent: 'a%09b' },
    ],
    [
      'of a proxy',
      '192.0.2.1 - - [05/Oct/2026:13:55:36 +0000] "GET http://Shop.example:8080?q HTTP/1.1" 200 0 "-" "x"',
      { host: 'shop.example', scheme: 'http', query: 'q' },
    ],
  ])('is read %s', (_what, text, line) => {
    expect(parsed(text)).toMatchObject({ line })
  })

  test.each([
    ['no request', '"-" 408 0', 'request: is none, as GET /path HTTP/1.1'],
    ['a handshake for a request', '"\\x16\\x03\\x01" 400 0', 'request: is none, as GET /path HTTP/1.1'],
    ['no status', '"GET / HTTP/1.1" - 0', 'line: is not of the common or combined log format'],
    [
      'a quote that does not end',
      '"GET / HTTP/1.1 200 0',
      'line: is not of the common or combined log format',
    ],
    ['something behind it', '"GET / HTTP/1.1" 200 0 1', 'line: is not of the common or combined log format'],
  ])('is rejected with %s', (_what, rest, reason) => {
    expect(parsed(`192.0.2.1 - - [05/Oct/2026:13:55:36 +0000] ${rest}`)).toEqual({ reason })
  })

  test.each([
    '32/Oct/2026:13:55:36 +0000',
    '05/Foo/2026:13:55:36 +0000',
    '05/Oct/2026:24:00:00 +0000',
    '31/Feb/2026:00:00:00 +0000',
  ])('is rejected at %s', (time) => {
    const reason = 'time: is none, as 05/Oct/2026:13:55:36 +0000'
    expect(parsed(`192.0.2.1 - - [${time}] "GET / HTTP/1.1" 200 0`)).toEqual({ reason })
  })
})

test('of 10,000 broken lines each is a record or rejected with a reason; nothing of them is SQL, or an address', async () => {
  await using house = await importHouse()
  const piece = fc.constantFrom(
    "'; DROP TABLE selvedge.access_log; --",
    '\\N',
    '\t',
    '"',
    '\\',
    '\0',
    '\u00ff',
    '%00%0A',
    '{x:String}',
    '198.51.100.77',
    '9'.repeat(30),
    'x'.repeat(3_000),
    '-1',
    ' ',
    ']',
    '',
  )
  const broken = fc.tuple(fc.nat(200), fc.nat(40), piece).map(([at, gone, what]) => {
    const line = combinedLine().trimEnd()
    return line.slice(0, at) + what + line.slice(at + gone)
  })
  const lines = fc.sample(broken, { numRuns: 10_000, seed: 20_261_126 })
  const file = await house.file('broken.log', Buffer.from(`${lines.join('\n')}\n`, 'latin1'))

  const summary = await house.import([file], { blockBytes: 200_000 })

  expect(summary.records + summary.rejected).toBe(10_000)
  expect(Math.min(summary.records, summary.rejected)).toBeGreaterThan(1_000)
  const [log] = await house.rows(
    "SELECT toUInt32(count()) AS n, countIf(network LIKE '%/24' OR network LIKE '%/48') = n AS whole FROM selvedge.access_log",
  )
  expect(log).toEqual({ n: summary.records, whole: 1 })
  const [rejected] = await house.rows(`SELECT toUInt32(count()) AS n, countIf(reason = '') AS without,
    countIf(line LIKE '%198.51.100.77%' OR line LIKE '%8.8.8.8%') AS addresses FROM selvedge.rejected`)
  expect(rejected).toMatchObject({ without: 0, addresses: 0 })
})

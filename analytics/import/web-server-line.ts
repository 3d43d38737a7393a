import { formatText } from '../../edge/log/record.ts'
import { hostOf, type LineParser, type LogLine } from './log-line.ts'

/** What is in quotes; within it a backslash escapes. */
const QUOTED = '"([^"\\\\]*(?:\\\\.[^"\\\\]*)*)"'

/**
 * Apache's common and combined log and nginx's `combined`, also with the host in front (Apache's
 * `vhost_combined`) and with X-Forwarded-For behind (nginx's `main`), which is left out.
 */
const LINE = new RegExp(
  `^(?:(\\S+) )?(\\S+) \\S+ \\S.*? \\[([^\\]]{26})\\] ${QUOTED} (\\d{3}) (\\d+|-)` +
    `(?: ${QUOTED} ${QUOTED}(?: "[^"]*")?)?$`,
)

const TIME = /^(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)$/
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

const REQUEST = /^([A-Za-z-]{1,40}) (\S+) (HTTP\/\d(?:\.\d)?)$/
const ABSOLUTE = /^(https?):\/\/([^/?#]+)([^#]*)$/i

/** Reads the log of a web server. */
export function webServerParser(): LineParser {
  // Many lines in a row are of one second.
  let lastTime = { text: '', timeMs: undefined as string | undefined }

  return (text) => {
    const parts = LINE.exec(text)
    if (parts === null) return { reason: 'line: is not of the common or combined log format' }
    const [, virtualHost, clientIp = '', time = '', asked = '', status = '', bytes = ''] = parts
    if (time !== lastTime.text) lastTime = { text: time, timeMs: timeOf(time) }
    const { timeMs } = lastTime
    if (timeMs === undefined) return { reason: 'time: is none, as 05/Oct/2026:13:55:36 +0000' }
    const request = requestIn(unescaped(asked))
    if (request === undefined) return { reason: 'request: is none, as GET /path HTTP/1.1' }
    const line: LogLine = {
      timeMs,
      clientIp: formatText(clientIp),
      status,
      bytesSent: bytes === '-' ? '0' : bytes,
      referer: headerValue(parts[7]),
      userAgent: headerValue(parts[8]),
      ...request,
    }
    if (virtualHost !== undefined) {
      line.host = formatText(hostOf(virtualHost))
      if (virtualHost.endsWith(':80')) line.scheme = 'http'
    }
    return { line }
  }
}

/** What a request line asks for: a path, or all of a URL as proxies are asked (RFC 9112 §3.2). */
function requestIn(
  text: string,
): Pick<LogLine, 'method' | 'path' | 'query' | 'protocolVersion' | 'host' | 'scheme'> | undefined {
  const request = REQUEST.exec(text)
  if (request === null) return undefined
  const [, method = '', target = '', protocolVersion = ''] = request
  const absolute = ABSOLUTE.exec(target)
  if (absolute === null && !target.startsWith('/') && target !== '*') return undefined
  const pathAndQuery = absolute === null ? target : absolute[3] || '/'
  const mark = pathAndQuery.indexOf('?')
  const path = formatText(mark === -1 ? pathAndQuery : pathAndQuery.slice(0, mark))
  const query = mark === -1 ? '' : formatText(pathAndQuery.slice(mark + 1))
  if (absolute === null) return { method, path, query, protocolVersion }
  const [, scheme = '', host = ''] = absolute
  return {
    method,
    path,
    query,
    protocolVersion,
    scheme: scheme.toLowerCase(),
    host: formatText(hostOf(host)),
  }
}

/** A header's value; `-` is none. */
function headerValue(text: string | undefined): string {
  return text === undefined || text === '-' ? '' : formatText(unescaped(text))
}

/** As Unix ms. */
function timeOf(text: string): string | undefined {
  const parts = TIME.exec(text)
  if (parts === null) return undefined
  const [, day, name = '', year, hour, minute, second, sign, zoneHours, zoneMinutes] = parts
  const month = MONTHS.indexOf(name)
  const [dayNumber, hourNumber, minuteNumber] = [Number(day), Number(hour), Number(minute)]
  // A leap second is logged as :60; it is the next second to us.
  if (month === -1 || hourNumber > 23 || minuteNumber > 59 || Number(second) > 60) return undefined
  const date = Date.UTC(Number(year), month, dayNumber)
  if (new Date(date).getUTCDate() !== dayNumber) return undefined
  const zoneMs = (Number(zoneHours) * 60 + Number(zoneMinutes)) * 60_000 * (sign === '-' ? -1 : 1)
  return String(date + ((hourNumber * 60 + minuteNumber) * 60 + Number(second)) * 1_000 - zoneMs)
}

/** `\"`, `\\` and `\xhh` as Apache and nginx write them. */
function unescaped(text: string): string {
  if (!text.includes('\\')) return text
  return text.replace(/\\(?:x([0-9A-Fa-f]{2})|(.))/g, (_escape, hex?: string, character?: string) =>
    hex === undefined
      ? (WHITE_SPACE[character ?? ''] ?? character ?? '')
      : String.fromCharCode(Number.parseInt(hex, 16)),
  )
}

const WHITE_SPACE: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', v: '\v', b: '\b' }

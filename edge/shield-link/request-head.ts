import { nameFilter } from '../cache/fields.ts'
import type { Request } from '../cache/message.ts'
import { fieldLines } from '../listen/response-head.ts'

/** Set anew for each connection, or without a meaning for a request that has no body. */
const NOT_SENT: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'transfer-encoding',
])
const sendable = nameFilter((name) => !NOT_SENT.has(name))

const REQUEST_LINE = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+ \/[\x21-\x7e\x80-\xff]* HTTP\/1\.1\r\n$/

/**
 * The head of a request without a body, as latin1 text.
 *
 * @throws Error for what can't be said in HTTP: nothing of it may be sent then
 */
export function requestHead({ method, host, target, fields }: Request): string {
  const line = `${method} ${target} HTTP/1.1\r\n`
  if (!REQUEST_LINE.test(line)) throw new Error('this request line can’t be sent')
  return `${line}${fieldLines(['Host', host, ...sendable(fields)])}\r\n`
}

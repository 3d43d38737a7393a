import type { Request } from '../cache/message.ts'

/** Set anew for each connection, or without a meaning for a request that has no body. */
const NOT_SENT: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'transfer-encoding',
])

/** What a line must not hold: it would end there, or be read in two ways (RFC 9110 §5.5). */
const BREAKS_OUT = /[^\t\x20-\x7e\x80-\xff]/
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const TARGET = /^\/[\x21-\x7e\x80-\xff]*$/

/**
 * The head of a request without a body, as latin1 text.
 *
 * @throws Error for what can't be said in HTTP: nothing of it may be sent then
 */
export function requestHead({ method, host, target, fields }: Request): string {
  if (!TOKEN.test(method) || !TARGET.test(target) || BREAKS_OUT.test(host)) {
    throw new Error('this request line can’t be sent')
  }
  let head = `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n`
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] as string
    const value = fields[at + 1] as string
    if (!TOKEN.test(name) || BREAKS_OUT.test(value)) throw new Error(`the field ${name} can’t be sent`)
    if (!NOT_SENT.has(name.toLowerCase())) head += `${name}: ${value}\r\n`
  }
  return `${head}\r\n`
}

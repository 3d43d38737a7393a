import { STATUS_CODES } from 'node:http'
import type { Readable } from 'node:stream'
import { type Fields, firstValue } from '../cache/fields.ts'

/** What there is to know of a response to write its head. */
interface Said {
  status: number
  fields: Fields
  body?: Buffer | Readable | undefined
}

/** Whether a response has a body (RFC 9112 §6.3). */
export function hasBody(method: string, status: number): boolean {
  return method !== 'HEAD' && status !== 204 && status !== 304
}

/** A response's fields, with the length of a body that is here whole. */
export function withLength(method: string, { status, fields, body }: Said): Fields {
  const isKnown = body === undefined || Buffer.isBuffer(body)
  if (!isKnown || !hasBody(method, status) || firstValue(fields, 'content-length') !== undefined)
    return fields
  return [...fields, 'Content-Length', String(body?.byteLength ?? 0)]
}

/**
 * What is said of a connection that ends with this response. Of one that stays open nothing is, which is what
 * HTTP/1.1 means without a word (RFC 9112 §9.3): 48 bytes less make a hit of 1 KB one packet, not two.
 */
export const CLOSES = 'Connection: close\r\n'

/** As `HTTP/1.1 200 OK`, with its line end. */
export function statusLine(status: number): string {
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}\r\n`
}

/** Field lines as HTTP allows them (RFC 9110 §5.1, §5.5). */
const WRITABLE = /^(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+: [\t\x20-\x7e\x80-\xff]*\r\n)*$/

/**
 * Fields as lines of a head.
 *
 * @throws when one of them would not be read as it was meant, as node:http would
 */
export function fieldLines(fields: Fields): string {
  let lines = ''
  for (let at = 0; at < fields.length; at += 2) lines += `${fields[at]}: ${fields[at + 1]}\r\n`
  // A value may look like lines of its own.
  if (!WRITABLE.test(lines) || countLines(lines) !== fields.length / 2) {
    throw new Error('there is a field that no head may hold')
  }
  return lines
}

function countLines(lines: string): number {
  let count = 0
  for (let at = lines.indexOf('\n'); at >= 0; at = lines.indexOf('\n', at + 1)) count += 1
  return count
}

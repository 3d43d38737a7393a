/**
 * Heads of responses, as a shield words them: RFC 9112's grammar, and stricter. It is our own program that
 * speaks there, but what comes over a network is believed no more for that.
 */
import { fieldsIn } from '../listen/field-lines.ts'

/** Longest head of a response, bytes: a shield takes 32 KB from an origin and adds what it knows. */
export const HEAD_BYTES_MAX = 49_152

/** A whole head: no bare CR or LF, no folded line, no control characters, no space before a colon. Linear in time. */
const HEAD =
  /^HTTP\/1\.1 ([1-5][0-9][0-9]) [\t\x20-\x7e\x80-\xff]*\r\n((?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)*)\r\n/

/** How the end of a body is known (RFC 9112 §6.3): by its length, bytes, or by chunks. */
export type Framing = number | 'chunked'

/** A response's head, and what of it is about the connection. */
export interface ReadHead {
  status: number
  /** Name, value, name, value, … */
  fields: string[]
  /** Its own length on the wire, the empty line included. */
  bytes: number
  /** `undefined` where only the connection's end would tell: no shield of ours does that. */
  framing: Framing | undefined
  /** Whether the connection ends with this response. */
  closes: boolean
}

/**
 * Reads a head from the beginning of some latin1 text.
 *
 * @returns `'unfinished'` when more of it has to come; `undefined` when it can't be read, or in two ways
 */
export function readHead(text: string): ReadHead | 'unfinished' | undefined {
  const match = HEAD.exec(text)
  if (match === null) {
    return text.length < HEAD_BYTES_MAX && !text.includes('\r\n\r\n') ? 'unfinished' : undefined
  }
  const [whole, status, lines] = match as unknown as [string, string, string]
  if (whole.length > HEAD_BYTES_MAX) return undefined
  const head = {
    status: Number(status),
    fields: fieldsIn(lines),
    bytes: whole.length,
    framing: undefined,
    closes: false,
  }
  return withFraming(head) ? head : undefined
}

/** Takes from the fields what is about the connection; false where they contradict one another (RFC 9112 §6.3). */
function withFraming(head: ReadHead): boolean {
  const { fields } = head
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] as string
    const { length } = name
    if (length !== 10 && length !== 14 && length !== 17) continue
    const value = fields[at + 1] as string
    switch (name.toLowerCase()) {
      case 'connection':
        head.closes ||= value.toLowerCase() !== 'keep-alive'
        break
      case 'content-length':
        if (head.framing !== undefined || !/^\d{1,15}$/.test(value)) return false
        head.framing = Number(value)
        break
      case 'transfer-encoding':
        if (head.framing !== undefined || value.toLowerCase() !== 'chunked') return false
        head.framing = 'chunked'
    }
  }
  return true
}

import type { Fields } from '../../cache/fields.ts'
import { UNWRITABLE } from '../wire-form.ts'

/** Fields about a connection, which HTTP/2 has no place for (RFC 9113 §8.2.2). */
export const CONNECTION_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])

/**
 * A response's fields as HTTP/2 has them: names in lower case, `:status` first, nothing about a connection.
 *
 * @throws TypeError for a value that can't be said: others could take its bytes for more fields
 */
export function responseFields(status: number, fields: Fields): string[] {
  const raw = [':status', String(status)]
  for (let at = 0; at < fields.length; at += 2) {
    const name = (fields[at] as string).toLowerCase()
    const value = fields[at + 1] as string
    if (UNWRITABLE.test(value))
      throw new TypeError(`the value of ${name} has characters that no field may have`)
    if (!CONNECTION_FIELDS.has(name)) raw.push(name, value)
  }
  return raw
}

/** What a head would take in HTTP/1.1, bytes: so that responses are as long in the log by either. */
export function headBytes(fields: Fields): number {
  let bytes = 0
  for (let at = 0; at < fields.length; at += 1) bytes += (fields[at] as string).length + 2
  return bytes
}

/** Whether all values can be said. */
export function areWritable(fields: Fields): boolean {
  for (let at = 1; at < fields.length; at += 2) if (UNWRITABLE.test(fields[at] as string)) return false
  return true
}

/** Where a field's value is, or -1. @param name in lower case */
export function valueAt(fields: Fields, name: string): number {
  for (let at = 0; at < fields.length; at += 2) if (fields[at] === name) return at + 1
  return -1
}

import { nameIn } from '../cache/field-names.ts'

/** Field lines of a head that is known to keep to the grammar (RFC 9112 §5), each with its CR LF. */

/**
 * The fields that some lines of a head hold, name, value, name, value, …, as node:http gives them.
 *
 * @param names of those that are wanted, in lower case; all when left out
 */
export function fieldsIn(lines: string, names?: readonly string[]): string[] {
  const fields: string[] = []
  for (let at = 0; at < lines.length; ) {
    const end = lines.indexOf('\r', at)
    const colon = lines.indexOf(':', at)
    if (names === undefined || names.some((name) => isNamed(lines, at, colon, name))) {
      fields.push(nameIn(lines, at, colon), valueBetween(lines, colon + 1, end))
    }
    at = end + 2
  }
  return fields
}

function isNamed(lines: string, at: number, colon: number, name: string): boolean {
  return name.length === colon - at && lines.slice(at, colon).toLowerCase() === name
}

/** A value without the white space around it (RFC 9110 §5.5: spaces and tabs). */
export function valueBetween(lines: string, from: number, to: number): string {
  let first = from
  let last = to
  while (first < last && isBlank(lines.charCodeAt(first))) first += 1
  while (last > first && isBlank(lines.charCodeAt(last - 1))) last -= 1
  return lines.slice(first, last)
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}

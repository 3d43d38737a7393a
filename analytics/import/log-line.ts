import type { AccessRecord } from '../../edge/log/record.ts'

/** A record's values as they stand on its line: see edge/log/record.ts. */
export type RecordText = Record<keyof AccessRecord, string>

/** What a line of somebody's log says of one response, in our record's words; the rest isn't known. */
export type LogLine = Pick<RecordText, 'timeMs' | 'clientIp' | 'method' | 'path' | 'status' | 'bytesSent'> &
  Partial<RecordText>

/** A line, or why it is none, or `undefined` where there is nothing to count: a comment. */
export type ParsedLine = { line: LogLine } | { reason: string } | undefined

/** Reads the lines of one file in their order. */
export type LineParser = (line: string) => ParsedLine

const HEX = /%([0-9A-Fa-f]{2})/g

/** Undoes one percent-encoding; a character is a byte. */
export function percentDecoded(text: string): string {
  if (!text.includes('%')) return text
  return text.replace(HEX, (_escape, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

/** A host as our records have it: lower case, without port and the dot at its end. */
export function hostOf(text: string): string {
  return text
    .toLowerCase()
    .replace(/:\d{1,5}$/, '')
    .replace(/\.$/, '')
}

import { RECORD_COLUMNS } from '../../edge/log/record.ts'

/** Longest part of a line that is kept, and that is looked at for it, characters. */
const LINE_MAX = 2_048
const READ_MAX = 4 * LINE_MAX

/** Columns that hold addresses. */
const ADDRESS_COLUMNS = [RECORD_COLUMNS.indexOf('clientIp'), RECORD_COLUMNS.indexOf('xForwardedFor')]

/** Four numbers with dots, or groups of hexadecimal digits with at least two colons. */
const ADDRESSES = /\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{0,4}:[0-9a-f]{0,4}:[0-9a-f:.]*/gi

/** A line that is no record. */
export interface RejectedLine {
  /** Name of its segment. */
  segment: string
  line: string
  reason: string
}

/**
 * A row of `selvedge.rejected`: TSV, with its line feed. The line is cut, made printable, and no address
 * is left in it, neither where one belongs nor where a broken line has moved it.
 */
export function rejectedRow({ segment, line, reason }: RejectedLine): string {
  const values = line.slice(0, READ_MAX).split('\t')
  for (const index of ADDRESS_COLUMNS) if (index < values.length) values[index] = '[address]'
  const kept = values.join('\t').replace(ADDRESSES, '[address]').slice(0, LINE_MAX)
  return `${segment}\t${escaped(kept)}\t${escaped(reason)}\n`
}

/** ClickHouse's TSV escapes backslash and tab; whatever is not printable ASCII is percent-encoded. */
function escaped(text: string): string {
  return text
    .replace(/\\/g, '\\\\')
    .replace(/\t/g, '\\t')
    .replace(/[^\x20-\x7e]/g, (character) => encodeURIComponent(character))
}

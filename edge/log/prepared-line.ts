import { type AccessRecord, formatRecord, RECORD_COLUMNS } from './record.ts'

/**
 * A record's line, formatted once for all who ask the same: only the moment is missing.
 *
 *     timeMs · beforeId · requestId · opening · timeTakenUs · TAB · timeToFirstByteUs · middle · ttl · closing
 */
export interface PreparedLine {
  beforeId: Buffer
  opening: Buffer
  /** Ends in `ttl=`. */
  middle: Buffer
  closing: Buffer
}

/** What differs from one record of a line to the next. */
export interface Moment {
  /** Unix ms. */
  timeMs: number
  requestId: Buffer
  /** From the request's head to the response's first and last byte, µs. */
  firstByteUs: number
  takenUs: number
  ttlSeconds: number
}

/** The longest that what a moment brings can be, in bytes: one 13-digit and three 10-digit numbers, an id. */
export const MOMENT_BYTES_MAX = 96

const column = (name: keyof AccessRecord) => RECORD_COLUMNS.indexOf(name)
const ID = column('requestId')
const TAKEN = column('timeTakenUs')
const FIRST_BYTE = column('timeToFirstByteUs')
const CACHE_STATUS = column('cacheStatus')

/** @param record of a hit, whose `cacheStatus` ends in its time to live */
export function preparedLine(record: AccessRecord): PreparedLine {
  const values = formatRecord(record).split('\t')
  const between = (from: number, to: number) => `\t${values.slice(from, to).join('\t')}\t`
  const [, beforeTtl = '', ttl = ''] = /^(.*ttl=)(-?\d+)$/.exec(values[CACHE_STATUS] ?? '') ?? []
  const status = values.slice(FIRST_BYTE + 1, CACHE_STATUS).concat(beforeTtl)
  if (ttl === '') throw new Error('a line without a time to live was to be prepared')
  return {
    beforeId: latin1(between(1, ID)),
    opening: latin1(between(ID + 1, TAKEN)),
    middle: latin1(`\t${status.join('\t')}`),
    closing: latin1(`\t${values.slice(CACHE_STATUS + 1).join('\t')}`),
  }
}

function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}

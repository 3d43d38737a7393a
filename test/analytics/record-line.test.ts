import { expect, test } from 'vitest'
import { parseLine } from '../../analytics/collect/record-line.ts'
import { formatRecord, RECORD_COLUMNS } from '../../edge/log/record.ts'
import { NOON_MS, recordBut } from './segment.ts'

const BOUNDS = { earliestMs: NOON_MS - 1, latestMs: NOON_MS + 1 }

test('a line’s values get the names they were written by', () => {
  const line = formatRecord(
    recordBut({ site: 'site.example', query: 'a=b', rangeStart: 5, rangeEnd: 6, doNotTrack: '1' }),
  ).slice(0, -1)

  const parsed = parseLine(line, BOUNDS)

  const values = line.split('\t')
  expect(parsed).toEqual({
    record: Object.fromEntries(RECORD_COLUMNS.map((column, at) => [column, values[at]])),
  })
})

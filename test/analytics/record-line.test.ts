import { expect, test } from 'vitest'
import { emptyRecordLine, readLine, valueIn } from '../../analytics/collect/record-line.ts'
import { remembered } from '../../analytics/collect/remembered.ts'
import { createRowWriter, noLogRows } from '../../analytics/collect/row.ts'
import { formatRecord, RECORD_COLUMNS } from '../../edge/log/record.ts'
import { NOON_MS, recordBut } from './segment.ts'

const BOUNDS = { earliestMs: NOON_MS - 1, latestMs: NOON_MS + 1 }

test('a line’s values have the names they were written by', () => {
  const text = formatRecord(
    recordBut({ site: 'site.example', query: 'a=b', rangeStart: 5, rangeEnd: 6, doNotTrack: '1' }),
  )
  const line = emptyRecordLine()

  expect(readLine(line, Buffer.from(`\n${text}`), 1, BOUNDS)).toBeUndefined()

  expect(RECORD_COLUMNS.map((column) => valueIn(line, column))).toEqual(text.slice(0, -1).split('\t'))
  expect(line.timeMs).toBe(NOON_MS)
  expect(line.numbers[RECORD_COLUMNS.indexOf('bytesSent')]).toBe(1_234)
})

test('of a longer line the rest is left out, and a shorter one says nothing in its last columns', () => {
  const text = formatRecord(recordBut({ doNotTrack: '1' })).slice(0, -1)
  const line = emptyRecordLine()

  expect(readLine(line, Buffer.from(`${text}\tof a newer edge`), 0, BOUNDS)).toBeUndefined()
  expect(valueIn(line, 'doNotTrack')).toBe('1')
  expect(readLine(line, Buffer.from(text.slice(0, text.lastIndexOf('\t'))), 0, BOUNDS)).toBeUndefined()
  expect(valueIn(line, 'doNotTrack')).toBe('')
  expect(valueIn(line, 'secFetchDest')).toBe('document')
})

test.each([
  ['', 'status: is no whole number from 0 to 999'],
  ['1000', 'status: is no whole number from 0 to 999'],
  ['0200', 'status: is no whole number from 0 to 999'],
  ['2e2', 'status: is no whole number from 0 to 999'],
  ['-1', 'status: is no whole number from 0 to 999'],
  ['2\\0', 'line: has a character that is not printable ASCII, or a backslash'],
  ['2\xff', 'line: has a character that is not printable ASCII, or a backslash'],
])('a status of %j is none, and the next line is still found', (status, reason) => {
  const text = formatRecord(recordBut({ status: 777 }))
  const lines = Buffer.from(text.replace('\t777\t', () => `\t${status}\t`) + text, 'latin1')
  const line = emptyRecordLine()

  expect(readLine(line, lines, 0, BOUNDS)).toBe(reason)
  expect(readLine(line, lines, line.end + 1, BOUNDS)).toBeUndefined()
  expect(line.numbers[RECORD_COLUMNS.indexOf('status')]).toBe(777)
})

test('every byte is judged the same wherever it stands, and wherever its line begins', () => {
  const text = formatRecord(recordBut({ path: '/123456789' }))
  const judged = (byte: number, at: number, indent: number) => {
    const memory = Buffer.alloc(indent + text.length, text, 'latin1')
    const lines = memory.subarray(indent)
    lines.write(text, 'latin1')
    lines[text.indexOf('/123456789') + at] = byte
    return readLine(emptyRecordLine(), lines, 0, BOUNDS)
  }
  for (let byte = 0; byte < 256; byte += 1) {
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x5c
    if (byte === 0x09 || byte === 0x0a) continue
    for (let at = 0; at < 8; at += 1) {
      const said = [0, 1, 2, 3].map((indent) => judged(byte, at, indent) === undefined)
      expect([byte, at, ...said]).toEqual([byte, at, isPlain, isPlain, isPlain, isPlain])
    }
  }
})

test('numbers are taken up to the largest that is exact, and not beyond', () => {
  const text = formatRecord(recordBut({ bytesSent: Number.MAX_SAFE_INTEGER }))
  const line = emptyRecordLine()

  expect(readLine(line, Buffer.from(text), 0, BOUNDS)).toBeUndefined()
  expect(
    readLine(line, Buffer.from(text.replace('9007199254740991', '9007199254740992')), 0, BOUNDS),
  ).toMatch('bytesSent: is no whole number')
})

test('a record counts for the site that its distribution names, else for that of its host', () => {
  const sites: string[] = []
  const write = createRowWriter({
    distributions: [{ id: 'docs', aliases: ['*.example.com'] }],
    asnOf: () => 0,
    honourDoNotTrack: false,
    onSite: (site) => sites.push(site),
  })
  const line = emptyRecordLine()
  for (const site of ['manual.example', '']) {
    readLine(line, Buffer.from(formatRecord(recordBut({ site, host: 'www.example.com' }))), 0, BOUNDS)
    expect(write(noLogRows(), line, 'salt')).toBeUndefined()
  }
  expect(sites).toEqual(['manual.example', 'example.com'])
})

test('what is remembered of a text is never told of another, however many there are', () => {
  let worked = 0
  const reversed = remembered({ answers: 8, textBytes: 12 }, (text) => {
    worked += 1
    return [...text].reverse().join('')
  })
  const ask = (text: string) => reversed(Buffer.from(`<${text}>`), 1, 1 + text.length)
  const texts = Array.from({ length: 1_000 }, (_, at) => `text ${at % 500}`)

  expect(texts.map(ask)).toEqual(texts.map((text) => [...text].reverse().join('')))

  const before = worked
  ask('once more')
  ask('once more')
  expect(worked).toBe(before + 1)
})

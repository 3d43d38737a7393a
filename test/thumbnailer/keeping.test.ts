import { describe, expect, test } from 'vitest'
import { freshSecondsOf, pauseSecondsAfter } from '../../thumbnailer/freshness.ts'
import { emptyRecord, type Version, withVersion } from '../../thumbnailer/gallery-record.ts'
import { USUAL_LOOK } from '../../thumbnailer/look.ts'
import { createSiteLimit } from '../../thumbnailer/site-limit.ts'

const DAY = 86_400
const record = emptyRecord({ url: 'http://a.example/', host: 'a.example', look: USUAL_LOOK, id: '0' })

const versionBut = (letter: string, atMs = 1): Version => ({
  digest: letter.repeat(32),
  scale: 2,
  renderedAtMs: atMs,
  checkedAtMs: atMs,
  finalUrl: 'http://a.example/',
  status: 200,
  title: '',
  kind: 'page',
  colour: '#ffffff',
  thumbhash: '',
})

const digests = (versions: readonly Version[]) => versions.map(({ digest }) => digest[0]).join('')

describe('how long a picture is fresh', () => {
  test.each([
    [1, 1],
    [100, 1],
    [101, 2],
    [1_000, 2],
    [10_000, 4],
    [10_001, 7],
    [undefined, 7],
  ])('rank %s: %i days', (rank, days) => {
    expect(freshSecondsOf(rank, DAY)).toBe(days * DAY)
  })
})

test('pauses double up to a day', () => {
  expect([1, 2, 3, 4, 40, 4_000].map((times) => pauseSecondsAfter(times, 60))).toEqual([
    60, 120, 240, 480, 86_400, 86_400,
  ])
})

describe('how a site looked', () => {
  test('newest first, and no more than are kept', () => {
    const letters = ['a', 'b', 'c', 'd']
    const kept = letters.reduce((so, letter) => withVersion(so, versionBut(letter), 3), record)

    expect(digests(kept.versions)).toBe('dcb')
  })

  test('one that looks as before keeps its date, and was checked now', () => {
    const kept = withVersion(withVersion(record, versionBut('a', 1), 3), versionBut('a', 9), 3)

    expect(kept.versions).toMatchObject([{ renderedAtMs: 1, checkedAtMs: 9 }])
  })

  test('one that looks again as it did is one version', () => {
    const kept = ['a', 'b', 'a'].reduce((so, letter) => withVersion(so, versionBut(letter), 3), record)

    expect(digests(kept.versions)).toBe('ab')
  })

  test('a picture ends a failure', () => {
    const failed = { ...record, failure: { code: 'site-error', detail: '', times: 3, atMs: 1, untilMs: 2 } }

    expect(withVersion(failed, versionBut('a'), 3).failure).toBeUndefined()
  })
})

describe('renders of one site', () => {
  test('are so many a minute, and of another as many', () => {
    let nowMs = 0
    const limit = createSiteLimit(2, () => nowMs)

    expect([limit.take('a'), limit.take('a'), limit.take('a'), limit.take('b')]).toEqual([
      true,
      true,
      false,
      true,
    ])
    expect(limit.waitSeconds('a')).toBe(30)
    nowMs = 30_000
    expect([limit.waitSeconds('a'), limit.take('a'), limit.take('a')]).toEqual([0, true, false])
  })
})

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Ask } from '../../analytics/queries/ask.ts'
import { windowAt } from '../../analytics/queries/window.ts'
import { createSoFar } from '../../analytics/so-far/so-far.ts'
import { FORMULA, NOON } from './info-api.ts'

const WEEK = windowAt('7d', { nowMs: NOON, includeToday: true })
const DAY = windowAt('1d', { nowMs: NOON, includeToday: true })

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})

afterEach(() => {
  vi.useRealTimers()
})

/** Rankings so far on a ClickHouse that takes no time, and the statements that it was given. */
function onPaper() {
  const put: string[] = []
  const warned: string[] = []
  let failure: Error | undefined
  let failing = ''
  let tookMs = 0
  const soFar = createSoFar({
    ask: (async () => []) as Ask,
    run: async (statement, { windows = '', place = '' }) => {
      put.push([statement, windows, place].filter((part) => part !== '').join(' '))
      if (tookMs > 0) await new Promise((resolve) => setTimeout(resolve, tookMs))
      if (failure !== undefined && String(place).startsWith(failing)) throw failure
    },
    formula: FORMULA,
    now: () => NOON + performance.now(),
    warn: (text) => warned.push(text),
  })
  /** @param place fail only rankings of this country */
  const failWith = (error: Error | undefined, place = '') => {
    failure = error
    failing = place
  }
  const take = (ms: number) => {
    tookMs = ms
  }
  return { soFar, put, warned, failWith, take }
}

describe('rankings with today so far', () => {
  test('are worked out once for all who ask, the figures once for all windows and countries', async () => {
    const { soFar, put } = onPaper()

    const asked = [WEEK, WEEK, DAY].map((window) => soFar.ranking(window, ''))
    const answers = await Promise.all([...asked, soFar.ranking(WEEK, 'DE')])

    expect(new Set(answers.map(({ id }) => id)).size).toBe(1)
    expect(put).toEqual(['fill-figures', 'fill-ranks 7', 'fill-ranks 1', 'fill-ranks 7 DE'])
  })

  test('are worked out anew before anybody asks again, and told as of when', async () => {
    const { soFar, put } = onPaper()
    const first = await soFar.ranking(WEEK, 'DE')

    put.length = 0
    await vi.advanceTimersByTimeAsync(2_500)
    const putMeanwhile = [...put]
    const second = await soFar.ranking(WEEK, 'DE')

    expect(putMeanwhile).toEqual(['fill-figures', 'fill-ranks 7 DE'])
    expect(put).toEqual(putMeanwhile)
    expect(second.asOfMs - first.asOfMs).toBe(2_000)
  })

  test('go on for ten minutes after the last who asked, and leave nothing but the newest behind', async () => {
    const { soFar, put } = onPaper()
    await soFar.ranking(WEEK, '')

    await vi.advanceTimersByTimeAsync(700_000)
    const filled = put.filter((statement) => statement === 'fill-figures').length
    const forgotten = put.filter((statement) => statement === 'forget-ranks').length
    put.length = 0
    await vi.advanceTimersByTimeAsync(700_000)

    expect(filled).toBeGreaterThan(250)
    expect(filled - forgotten).toBeLessThan(35)
    expect(put).toEqual([])
  })

  test('stay as they were when they can not be worked out anew, for ten minutes at most', async () => {
    const { soFar, warned, failWith } = onPaper()
    const first = await soFar.ranking(WEEK, '')

    failWith(new Error('ClickHouse is away'))
    await vi.advanceTimersByTimeAsync(5_000)
    const second = await soFar.ranking(WEEK, '')
    const failures = warned.length
    await vi.advanceTimersByTimeAsync(599_000)
    const third = soFar.ranking(WEEK, '')

    expect(second.id).toBe(first.id)
    expect(failures).toBe(2)
    await expect(third).rejects.toThrow('ClickHouse is away')
  })

  test('one that can not be worked out anew stays as it was, and holds up no other', async () => {
    const { soFar, warned, failWith } = onPaper()
    await soFar.ranking(WEEK, '')
    const before = await soFar.ranking(WEEK, 'DE')

    failWith(new Error('too much memory'), 'DE')
    await vi.advanceTimersByTimeAsync(120_000)
    const [everywhere, there] = [await soFar.ranking(WEEK, ''), await soFar.ranking(WEEK, 'DE')]
    failWith(undefined)
    await vi.advanceTimersByTimeAsync(5_000)
    const after = await soFar.ranking(WEEK, 'DE')

    expect(everywhere.asOfMs).toBeGreaterThan(NOON + 100_000)
    expect([there.id, there.asOfMs]).toEqual([before.id, NOON])
    expect(new Set(warned)).toEqual(new Set(['too much memory']))
    expect(after.asOfMs).toBeGreaterThan(everywhere.asOfMs)
  })

  test('are minutes old at most, however long they take', async () => {
    const { soFar, put, take } = onPaper()
    take(50_000)
    const asked = soFar.ranking(WEEK, '')
    await vi.advanceTimersByTimeAsync(100_000)
    await asked

    put.length = 0
    await vi.advanceTimersByTimeAsync(245_000)

    expect(put).toContain('fill-figures')
  })

  test('that too many waited for can be had as soon as they do not', async () => {
    const { soFar } = onPaper()
    const countries = Array.from({ length: 65 }, (_, at) => `C${at}`)

    const asked = await Promise.allSettled(countries.map((country) => soFar.ranking(WEEK, country)))
    const again = await soFar.ranking(WEEK, 'C64')

    expect(asked.map(({ status }) => status).indexOf('rejected')).toBe(64)
    expect(again.asOfMs).toBe(NOON)
  })

  test('are of the new day from the first question after midnight on', async () => {
    const { soFar } = onPaper()
    const first = await soFar.ranking(DAY, '')

    const second = await soFar.ranking({ ...DAY, from: '2026-07-26', to: '2026-07-26' }, '')
    await vi.advanceTimersByTimeAsync(10_000)
    const third = await soFar.ranking({ ...DAY, from: '2026-07-26', to: '2026-07-26' }, '')

    expect(second.id).not.toBe(first.id)
    expect(third.asOfMs).toBeGreaterThan(second.asOfMs)
  })
})

import { expect, test } from 'vitest'
import { directory, startAnalytics } from './analytics.ts'
import { fuzzedStore } from './fuzzed-store.ts'
import { sendFuzzed } from './fuzzing.ts'
import { NOON_MS } from './segment.ts'

/** `npm run show:fuzz` sends 10,000. */
const BATCHES = 130

test('every line of fuzzed batches is stored, rejected, or refused with a clear error; none is run', async () => {
  await using data = await directory()
  const start = () => startAnalytics({ data: data.path })
  await (await start())[Symbol.asyncDispose]()
  const { tables } = await fuzzedStore(data.path)

  const analytics = await start()
  const { unclear, linesTaken, answers } = await sendFuzzed(analytics.collector, BATCHES, {
    now: () => NOON_MS,
  })
  await analytics[Symbol.asyncDispose]()

  const found = await fuzzedStore(data.path)
  expect(unclear).toEqual([])
  expect(found.stored + found.rejected).toBe(linesTaken)
  expect(found.inRollup).toBe(found.stored)
  expect(found.tables).toEqual(tables)
  expect(found.hostile).toBeGreaterThan(0)
  expect([...(answers.get('honest')?.keys() ?? [])]).toEqual(['204'])
})

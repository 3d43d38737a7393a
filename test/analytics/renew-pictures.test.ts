import { pino } from 'pino'
import { expect, test } from 'vitest'
import { problemOf } from '../../analytics/api/problem.ts'
import { keepPicturesFresh, type RenewalOptions } from '../../analytics/api/renew-pictures.ts'

const RANKING = ['first.example', 'second.example', 'third.example']

function optionsBut(but: Partial<RenewalOptions>): RenewalOptions {
  return {
    figures: {
      lastRankedDay: async () => '2026-07-24' as never, // a day as any other
      published: async ({ limit }) => RANKING.slice(0, limit).map((site) => ({ site }) as never),
    },
    frontDoorOf: async (site) => ({ url: `http://${site}/`, rank: RANKING.indexOf(site) + 1 }),
    thumbnailer: { renew: async () => 'fresh' },
    sites: 2,
    log: pino({ level: 'silent' }),
    times: { firstMs: 0, roundMs: 1, restMs: 1 },
    ...but,
  }
}

test('the most visited sites are gone through in their order, again and again, one at a time', async () => {
  const asked: string[] = []
  let underWay = 0
  let most = 0
  await using _ = keepPicturesFresh(
    optionsBut({
      thumbnailer: {
        renew: async ({ url, rank }) => {
          asked.push(`${rank} ${url}`)
          underWay += 1
          most = Math.max(most, underWay)
          await new Promise(setImmediate)
          underWay -= 1
          return 'made'
        },
      },
    }),
  )

  await expect.poll(() => asked.length).toBeGreaterThan(3)
  expect(asked.slice(0, 4)).toEqual([
    '1 http://first.example/',
    '2 http://second.example/',
    '1 http://first.example/',
    '2 http://second.example/',
  ])
  expect(most).toBe(1)
})

test('a site that fails keeps nobody from the next, and a question that fails is asked again', async () => {
  const asked: string[] = []
  let questions = 0
  const { figures } = optionsBut({})
  await using _ = keepPicturesFresh(
    optionsBut({
      figures: {
        ...figures,
        lastRankedDay: async () => {
          questions += 1
          if (questions === 1) throw new Error('ClickHouse is away')
          return figures.lastRankedDay()
        },
      },
      thumbnailer: {
        renew: async ({ url }) => {
          asked.push(url)
          return { problem: { ...problemOf('thumbnailer-failed', 'no picture'), status: 502 } }
        },
      },
    }),
  )

  await expect.poll(() => asked).toContain('http://second.example/')
})

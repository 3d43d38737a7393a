import { expect, test, vi } from 'vitest'
import { doDailySteps } from '../../analytics/daily/steps.ts'
import { createUpkeep } from '../../analytics/daily/upkeep.ts'
import { NO_FRONT_PAGES } from '../../analytics/front-page/front-pages.ts'
import { siteFacts } from '../../analytics/pages/site-facts.ts'
import { createAsk } from '../../analytics/queries/ask.ts'
import { createFigures } from '../../analytics/queries/figures.ts'
import { createSoFar } from '../../analytics/so-far/so-far.ts'
import { runBy } from '../../analytics/so-far/statements.ts'
import { type AccessLog, openAccessLog, viewBut, viewsBy } from './access-log.ts'
import { FORMULA, NOON } from './info-api.ts'

vi.setConfig({ testTimeout: 60_000 })

test('a site’s page tells the same of days before and after their figures are published', async () => {
  await using log = await openAccessLog()
  await log.insert([
    ...viewsBy(5, { host: 'www.a.example' }),
    ...viewsBy(3, { time: '2026-07-24 12:00:00', host: 'old.a.example' }),
    ...viewsBy(4, { time: '2026-07-24 12:00:00', host: 'www.a.example', bytes_sent: 7 }),
    ...viewsBy(2, { time: '2026-07-01 12:00:00', country: 'FR', path: '/july' }),
    viewBut({ time: '2026-07-23 12:00:00', is_bot: true }),
    viewBut({ time: '2026-07-24 12:00:00', is_page_view: false, path: '/style.css' }),
    ...viewsBy(9, { time: '2026-07-24 12:00:00', site: 'b.example' }),
  ])
  const upkeep = createUpkeep({ upkeep: log.upkeep, layout: {} })

  const before = await toldOf(log, 'a.example')
  await doDailySteps(upkeep, { retentionDays: 36_500, formula: FORMULA }, NOON)
  const after = await toldOf(log, 'a.example')

  // Ranks of days that are over are worked out when their figures are.
  expect([before.history.ranks, after.history.ranks.length]).toEqual([[], 2])
  const same = { history: undefined, inCountry: undefined }
  expect({ ...after, ...same }).toEqual({ ...before, ...same })
  expect(after.figures).toMatchObject({
    firstSeen: '2026-07-01T12:00:00Z',
    hosts: [
      { host: 'www.a.example', pageViews: 9, requests: 9 },
      { host: 'old.a.example', pageViews: 3, requests: 3 },
      { host: 'a.example', pageViews: 2, requests: 4 },
    ],
  })
})

/** What the page and the report on visits tell, asked by a program that has asked nothing before. */
async function toldOf(log: AccessLog, site: string) {
  const ask = createAsk(log.query)
  await using soFar = createSoFar({
    ask,
    run: runBy(log.background, {}),
    formula: FORMULA,
    now: () => NOON,
    warn: (failure) => expect.unreachable(failure),
  })
  const figures = createFigures(ask, { now: () => NOON, includeToday: true, soFar })
  const facts = await siteFacts(figures, NO_FRONT_PAGES, site)
  if (facts === undefined) throw new Error(`${site} is not known`)
  return { ...facts, visits: await figures.visits(site, 30) }
}

/**
 * `npm run show:gaming`: how steady our rankings are from day to day, and how many ranks somebody gains who
 * wants one, beside a plain count of page views; on five weeks of made-up traffic with weekends, chance and bursts.
 *
 * The rows are those that the collector would store, the rankings those of the daily steps, at default settings.
 */

import { doDailySteps } from '../../../analytics/daily/steps.ts'
import { createUpkeep } from '../../../analytics/daily/upkeep.ts'
import { createAsk } from '../../../analytics/queries/ask.ts'
import { DAY_MS, dayOf } from '../../../analytics/queries/window.ts'
import { formulaOf, rankingSettings } from '../../../analytics/ranking/formula.ts'
import { openAccessLog } from '../../analytics/access-log.ts'
import { insertDay, wantedSites } from './made-up-cdn.ts'
import { type Rankings, rankingsOn, SORTS } from './rankings.ts'
import { gainsTable, stabilityTable } from './tables.ts'

/** Days of which rankings are compared: the last one with each of those before. */
const COMPARED = 8
/** The list of the first of them needs thirty rankings. */
const DAYS = 30 + COMPARED - 1
/** How long attacks go on, until the last day, days. */
const LENGTHS = [1, 28]
/** A Saturday. */
const LAST_MS = Date.UTC(2026, 6, 25)

await using log = await openAccessLog()
const wanted = wantedSites(LENGTHS)
for (let daysLeft = DAYS; daysLeft > 0; daysLeft -= 1) {
  await insertDay(log.ingest, { day: dayOf(LAST_MS - (daysLeft - 1) * DAY_MS), daysLeft, wanted })
  progress(`made up ${DAYS - daysLeft + 1} of ${DAYS} days`)
}

const upkeep = createUpkeep({ upkeep: log.upkeep, layout: {} })
const settings = { retentionDays: 36_500, formula: formulaOf(rankingSettings.parse({}), new Map()) }
const ask = createAsk(log.query)
const evenings: Rankings[] = []
for (let back = COMPARED - 1; back >= 0; back -= 1) {
  const dayMs = LAST_MS - back * DAY_MS
  await doDailySteps(upkeep, settings, dayMs + DAY_MS)
  evenings.push(await rankingsOn(log.query, ask, dayOf(dayMs)))
  progress(`ranked ${COMPARED - back} of ${COMPARED} evenings`)
}
progress('')

process.stdout.write(stabilityTable(evenings, SORTS))
process.stdout.write(gainsTable(evenings.at(-1) as Rankings, wanted, LENGTHS))

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`)
  else if (text !== '') process.stderr.write(`${text}\n`)
}

/**
 * `npm run bench:rankings`: how fast rankings are answered and worked out, with 10 million records of 100,000
 * sites in 90 days, made up inside the embedded ClickHouse; and whether a slow question holds up the others.
 *
 * `npm run bench:rankings -- 1000000 10000`: so many records, of so many sites.
 */
import { sqlFile } from '../../../analytics/clickhouse/sql-file.ts'
import { doDailySteps } from '../../../analytics/daily/steps.ts'
import { createUpkeep } from '../../../analytics/daily/upkeep.ts'
import { createAsk } from '../../../analytics/queries/ask.ts'
import { DAY_MS, dayOf, WINDOW_NAMES, windowAt } from '../../../analytics/queries/window.ts'
import { formulaOf, rankingSettings } from '../../../analytics/ranking/formula.ts'
import { createSoFar } from '../../../analytics/so-far/so-far.ts'
import { runBy } from '../../../analytics/so-far/statements.ts'
import { openAccessLog } from '../../analytics/access-log.ts'
import { besideSlowQuestion, questionsOf, timesOf } from './questions.ts'
import { measuredUpkeep, peakMegabytes, resetPeak } from './steps.ts'

const RECORDS = Number(process.argv[2] ?? 10_000_000)
const SITES = Number(process.argv[3] ?? 100_000)
const DAYS = 90
/** Records of a visit, and the share of visits that come (made-up-day.sql). */
const RECORDS_OF_VISIT = 3
const SHARE_THAT_COMES = 0.52
const QUESTION_MS_MAX = 100
const NIGHT_SECONDS_MAX = 60
const MEMORY_MEGABYTES_MAX = 2_048

/** Noon of the first day that isn't over. */
const NOW_MS = Date.UTC(2026, 6, 25, 12)

const traffic = {
  visits: Math.round(RECORDS / DAYS / RECORDS_OF_VISIT / SHARE_THAT_COMES),
  sites: SITES,
  people: 2_000_000,
  swing: 300,
}
await using log = await openAccessLog()
const madeUpDay = await sqlFile(import.meta.url, 'made-up-day.sql')
const makeUp = (atMs: number, until = 86_400) =>
  log.ingest.command({ query: madeUpDay, query_params: { ...traffic, day: dayOf(atMs), until } })

const formula = formulaOf(rankingSettings.parse({}), new Map())
const steps = measuredUpkeep(createUpkeep({ upkeep: log.upkeep, layout: {} }))
const night = (nowMs: number) => doDailySteps(steps.upkeep, { retentionDays: 36_500, formula }, nowMs)

for (let back = DAYS; back > 1; back -= 1) {
  await makeUp(NOW_MS - back * DAY_MS)
  process.stderr.write(`made up ${DAYS - back + 1} of ${DAYS} days\n`)
}
process.stderr.write(`working out ${DAYS - 1} days, as after an import …\n`)
resetPeak()
const importStartedMs = performance.now()
await night(NOW_MS - DAY_MS)
const importSeconds = (performance.now() - importStartedMs) / 1_000
const importPeak = peakMegabytes()
await makeUp(NOW_MS - DAY_MS)
await makeUp(NOW_MS, 43_200)

steps.forget()
const nightStartedMs = performance.now()
await night(NOW_MS)
const nightSeconds = (performance.now() - nightStartedMs) / 1_000
const taken = steps.taken()
const nightPeak = Math.max(...taken.map(({ peakMegabytes }) => peakMegabytes))

let missed = 0
const records = await log.query.query({
  query: 'SELECT toUInt32(count()) AS records, toUInt32(uniqExact(site)) AS sites FROM selvedge.access_log',
  format: 'JSONEachRow',
})
const [there] = await records.json<{ records: number; sites: number }>()
say(`${there?.records} records of ${there?.sites} sites in ${DAYS} days and a half`)
say(
  `all ${DAYS - 1} days at once, as after an import: ${importSeconds.toFixed(1)} s, at most ${importPeak} MB resident`,
)
say('\nthe night')
for (const { name, times, seconds, peakMegabytes: peak } of taken) {
  say(
    `  ${name.padEnd(20)} ${String(times).padStart(3)} × ${seconds.toFixed(2).padStart(7)} s ${String(peak).padStart(6)} MB`,
  )
}
say(`  ${nightSeconds.toFixed(1)} s ${verdict(nightSeconds < NIGHT_SECONDS_MAX, `${NIGHT_SECONDS_MAX} s`)}`)
say(`  ${nightPeak} MB ${verdict(nightPeak < MEMORY_MEGABYTES_MAX, `${MEMORY_MEGABYTES_MAX} MB`)}`)

const soFar = createSoFar({
  ask: createAsk(log.query),
  run: runBy(log.background, {}),
  formula,
  now: () => NOW_MS,
  warn: (failure) => say(`rankings with today so far: ${failure}`),
})
resetPeak()
const soFarStartedMs = performance.now()
const sinceThen = () => ((performance.now() - soFarStartedMs) / 1_000).toFixed(2)
await soFar.figures(dayOf(NOW_MS))
say(
  '\ntoday so far, worked out beside the questions, each time after ten times as long; who asks first waits',
)
say(`  figures of all sites after ${sinceThen()} s`)
for (const window of WINDOW_NAMES) {
  await soFar.ranking(windowAt(window, { nowMs: NOW_MS, includeToday: true }), '')
  say(`  ranking of ${window.padEnd(3)}        after ${sinceThen()} s`)
}
say(`  ${peakMegabytes()} MB`)

say('\nquestions, ms')
for (const question of questionsOf(log.query, soFar, NOW_MS)) {
  const { p50, p95 } = await timesOf(question.ask)
  const told = `p50 ${p50.toFixed(0).padStart(5)}  p95 ${p95.toFixed(0).padStart(5)}`
  say(`  ${question.name.padEnd(42)} ${told} ${verdict(p95 < QUESTION_MS_MAX, `${QUESTION_MS_MAX} ms`)}`)
}

say('\nbeside a question that takes all the time it may have, ms')
for (const { name, alone, beside } of await besideSlowQuestion(log, soFar, NOW_MS)) {
  say(
    `  ${name.padEnd(42)} p95 ${alone.toFixed(0).padStart(5)} alone ${beside.toFixed(0).padStart(5)} beside it`,
  )
}
await soFar[Symbol.asyncDispose]()
process.exitCode = missed === 0 ? 0 : 1

function verdict(passed: boolean, aim: string): string {
  if (!passed) missed += 1
  return passed ? `(aim ${aim}: met)` : `(aim ${aim}: MISSED)`
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

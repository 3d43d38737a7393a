/**
 * `npm run show:hostile`: pages that try everything to get inside, each with a canary of its own, opened by
 * the thumbnailer's browser behind its walls and by the same browser without them. Status 1 when one page got in,
 * or when a page that is to prove the kit did not get in without the walls. Then the thumbnailer is asked for all of them
 * while an ordinary page is asked for every second: each has to be answered, 95 of 100 within five seconds.
 *
 * `-- --short`: without the redirects to each spelling; `-- --json`: for programs.
 */

import { quantile } from '../quantile.ts'
import { HOSTS, hasOwnNetwork, runInOwnNetwork } from './addresses.ts'
import { askBeside, type Beside } from './beside.ts'
import { HOSTILE_PAGES, redirectTo } from './pages.ts'
import { type Visit, visitAll } from './visit.ts'

const ORDINARY_MS_MAX = 5_000

const status = await runInOwnNetwork()
if (status !== undefined) process.exit(status)

const isShort = process.argv.includes('--short')
const pages = isShort ? HOSTILE_PAGES : [...HOSTILE_PAGES, ...HOSTS.map(redirectTo)]
const guarded = await visitAll(pages, 'guarded')
const unguarded = await unguardedVisits()
const beside = isShort ? undefined : await askBeside(pages)

const rows = guarded.map(({ page, outcome, canaryHits, ms }, at) => ({
  page: page.name,
  outcome,
  canaryHits,
  ms,
  hitsUnguarded: unguarded[at]?.canaryHits ?? 0,
  provesKit: page.isShut !== true,
}))
const broken = rows.filter(({ canaryHits }) => canaryHits > 0)
const unproven = rows.filter(({ provesKit, hitsUnguarded }) => provesKit && hitsUnguarded === 0)

if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify({ hasOwnNetwork, rows })}\n`)
else printTable()
const isProven = isShort || unproven.every(({ page }) => page.startsWith('302 to'))
process.exit(broken.length === 0 && isProven && isAnswered(beside) ? 0 : 1)

function isAnswered(told: Beside | undefined): boolean {
  return (
    told === undefined || (told.failed + told.canaryHits === 0 && quantile(told.ms, 0.95) < ORDINARY_MS_MAX)
  )
}

/** On a slow machine a page's time may be over before it has tried: those are visited again. */
async function unguardedVisits(): Promise<Visit[]> {
  const visits = await visitAll(pages, 'unguarded')
  for (let round = 0; round < 2; round += 1) {
    const missed = visits.filter(({ page, canaryHits }) => page.isShut !== true && canaryHits === 0)
    if (missed.length === 0) break
    for (const again of await visitAll(
      missed.map(({ page }) => page),
      'unguarded',
    )) {
      const visit = visits.find(({ page }) => page === again.page)
      if (visit !== undefined) visit.canaryHits = again.canaryHits
    }
  }
  return visits
}

function printTable(): void {
  const say = (line: string) => process.stdout.write(`${line}\n`)
  say(`${hasOwnNetwork ? 'In a network of its own' : 'On loopback only'}, ${HOSTS.length} hosts inside.\n`)
  say(`${'page'.padEnd(34)} ${'outcome'.padEnd(18)} ${'canary'.padStart(6)} ${'ms'.padStart(6)}   unguarded`)
  for (const { page, outcome, canaryHits, ms, hitsUnguarded } of rows) {
    say(
      `${page.padEnd(34)} ${outcome.padEnd(18)} ${String(canaryHits).padStart(6)} ${String(ms).padStart(6)}   ${hitsUnguarded}`,
    )
  }
  const hits = (visits: readonly Visit[]) => visits.reduce((sum, { canaryHits }) => sum + canaryHits, 0)
  const entered = unguarded.filter(({ canaryHits }) => canaryHits > 0).length
  say(
    `\n${rows.length} pages: ${hits(guarded)} canary hits behind the walls, ${hits(unguarded)} without, by ${entered} pages`,
  )
  if (beside !== undefined) {
    const { ms, failed, canaryHits } = beside
    say(
      `ordinary page every second while the thumbnailer renders the kit: ${ms.length} asked, ${failed} failed, ` +
        `p50 ${quantile(ms, 0.5)} ms, p95 ${quantile(ms, 0.95)} ms, most ${quantile(ms, 1)} ms; ${canaryHits} canary hits`,
    )
  }
  if (unproven.length > 0) say(`not proven without the walls: ${unproven.map(({ page }) => page).join(', ')}`)
}

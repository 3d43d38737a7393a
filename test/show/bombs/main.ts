/**
 * `npm run show:bombs`: 500 renders in a row of pages that would use up the browser, the machine or our patience, while
 * an ordinary page of another site is asked for every second. What each page ends with and when, and what is left
 * of processes, memory and files. Status 1 when one page was over its bound or ended otherwise than documented, the
 * ordinary page was not answered, or something is left.
 *
 * `-- --renders 60 --seconds 6 --at-once 1`: so many renders, each with so much time, so many beside each other.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { footprintOf, told } from '../footprint.ts'
import { quantile } from '../quantile.ts'
import { BOMBS, type Bomb } from './pages.ts'
import { openWorld } from './world.ts'

const { values: options } = parseArgs({
  options: {
    renders: { type: 'string', default: '500' },
    seconds: { type: 'string', default: '4' },
    'at-once': { type: 'string', default: '3' },
  },
})
const RENDERS = Number(options.renders)
const SECONDS = Number(options.seconds)
const AT_ONCE = Number(options['at-once'])

/** Beyond a page's own time: its context is opened and closed (3 s at most), its site's robots.txt was read. */
const AROUND_MS_MAX = 5_000
const BOUND_MS = SECONDS * 1_000 + AROUND_MS_MAX

/** How long what was done last may take to be cleared away, ms. */
const CLEARED_MS_MAX = 10_000
const TOLD_EVERY = 25

/** Of the ordinary page, which has as little time as the bombs: on a busy machine now and then too little. */
const ORDINARY_FAILURES_MAX = 0.02

interface Row {
  bomb: Bomb
  outcomes: Map<string, number>
  ms: number[]
}

const say = (line: string) => process.stdout.write(`${line}\n`)

await using world = await openWorld({
  // A turn is left for others than the bombs' site, as by default.
  ...{ browsers: 2, concurrency: AT_ONCE + 1, perSiteConcurrency: AT_ONCE },
  ...{ loadSecondsMax: SECONDS / 2, renderSecondsMax: SECONDS },
})
const ORDINARY = 'http://a.sites.example/ordinary'
for (let at = 0; at < 4; at += 1) await world.render(ORDINARY)
await delay(2_000)
const before = footprintOf(world.thumbnailer)
say(`before: ${told(before)}`)

const rows = new Map<string, Row>(
  Object.entries(BOMBS).map(([path, bomb]) => [path, { bomb, outcomes: new Map(), ms: [] }]),
)
const over = new AbortController()
const ordinary = askEverySecond(over.signal)
await renderAll()
over.abort()
const answers = await ordinary
await cleared()
const after = footprintOf(world.thumbnailer)

const isInTime = ({ ms }: Row) => ms.every((one) => one <= BOUND_MS)
const isDocumented = ({ bomb, outcomes }: Row) => [...outcomes.keys()].every((one) => bomb.ends.includes(one))
printRows()
const failures = answers.map(({ outcome }) => outcome).filter((outcome) => outcome !== '200')
const ms = answers.map((answer) => answer.ms)
say(
  `\nordinary page every second meanwhile: ${answers.length} asked, ${failures.length} failed ${[...new Set(failures)].join()}, p50 ${quantile(ms, 0.5)} ms, ` +
    `p95 ${quantile(ms, 0.95)} ms, most ${quantile(ms, 1)} ms`,
)
say(`before: ${told(before)}\nafter:  ${told(after)}`)
const isClean =
  after.zombies === 0 && after.profiles === before.profiles && after.processes <= before.processes + 2
const isGood =
  failures.length <= answers.length * ORDINARY_FAILURES_MAX &&
  isClean &&
  [...rows.values()].every((row) => isInTime(row) && isDocumented(row))
say(isGood ? 'all as documented' : 'NOT all as documented')
process.exitCode = isGood ? 0 : 1

async function renderAll(): Promise<void> {
  const begunMs = performance.now()
  const paths = [...rows.keys()]
  let begun = 0
  let done = 0
  const renderNext = async () => {
    while (begun < RENDERS) {
      const path = paths[begun % paths.length] as string
      begun += 1
      const { outcome, ms: took } = await world.render(`http://docs.example${path}`)
      const { outcomes, ms: all } = rows.get(path) as Row
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
      all.push(took)
      done += 1
      if (done % TOLD_EVERY > 0) continue
      const seconds = Math.round((performance.now() - begunMs) / 1_000)
      say(`${done} renders in ${seconds} s: ${told(footprintOf(world.thumbnailer))}`)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, renderNext))
}

async function askEverySecond(signal: AbortSignal): Promise<{ outcome: string; ms: number }[]> {
  const asked: Promise<{ outcome: string; ms: number }>[] = []
  while (!signal.aborted) {
    asked.push(world.render(ORDINARY))
    await delay(1_000)
  }
  return Promise.all(asked)
}

/** Browsers that were recycled or lost end in their own time; and memory is given back when a page is rendered. */
async function cleared(): Promise<void> {
  for (let at = 0; at < 4; at += 1) await world.render(ORDINARY)
  const untilMs = performance.now() + CLEARED_MS_MAX
  await delay(2_000)
  while (performance.now() < untilMs) {
    const { profiles, zombies } = footprintOf(world.thumbnailer)
    if (zombies === 0 && profiles === before.profiles) return
    await delay(500)
  }
}

function printRows(): void {
  say(`\nEach has ${SECONDS} s, and is over after ${BOUND_MS} ms at the latest; ${AT_ONCE} at once.`)
  say(`${'page'.padEnd(24)} ${'renders'.padStart(7)} ${'p50 ms'.padStart(7)} ${'most'.padStart(7)}  outcomes`)
  for (const [path, row] of rows) {
    const seen = [...row.outcomes].map(([outcome, times]) => `${outcome} ×${times}`).join(', ')
    const verdict = `${isInTime(row) ? '' : '  OVER ITS BOUND'}${isDocumented(row) ? '' : '  NOT DOCUMENTED'}`
    say(
      `${path.padEnd(24)} ${String(row.ms.length).padStart(7)} ${String(quantile(row.ms, 0.5)).padStart(7)} ` +
        `${String(quantile(row.ms, 1)).padStart(7)}  ${seen}${verdict}`,
    )
  }
}

/**
 * `npm run show:bombs`: 500 renders of pages that would use up the browser, the machine or our patience, while
 * an ordinary page of another site is asked for every second; then 100 ordinary ones while a browser is killed
 * ten times. What each page ends with and when, and what is left of processes, memory and files.
 *
 * `-- 60`: so many renders.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { browserOf } from '../../thumbnailer/program.ts'
import { BOMBS } from './pages.ts'
import { type Footprint, footprintOf, openWorld } from './world.ts'

const RENDERS = Number(process.argv[2] ?? 500)
const KILLED_RENDERS = 100
const KILLS = 10

const say = (line: string) => process.stdout.write(`${line}\n`)
const quantile = (values: readonly number[], q: number) =>
  Math.round(
    [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))] ?? 0,
  )

await using world = await openWorld()
for (let at = 0; at < 4; at += 1) await world.render('http://a.sites.example/ordinary')
await delay(1_000)
const before = footprintOf(world.thumbnailer)
const ordinary = await duringBombs()
await delay(3_000)
const after = footprintOf(world.thumbnailer)
const killed = await whileKilled()

say(
  `\nordinary page every second meanwhile: ${ordinary.ms.length} asked, ${ordinary.failed} failed, ` +
    `p50 ${quantile(ordinary.ms, 0.5)} ms, p95 ${quantile(ordinary.ms, 0.95)} ms`,
)
say(`before: ${told(before)}\nafter:  ${told(after)}`)
say(
  `${KILLED_RENDERS} renders, browser killed ${killed.kills} times: ${killed.arrived} pictures arrived, ` +
    `the slowest in ${Math.round(killed.slowestMs)} ms; after a kill in an idle moment the next in ` +
    `${Math.round(killed.nextMs)} ms`,
)
const isGood = ordinary.failed === 0 && after.zombies === 0 && killed.arrived === KILLED_RENDERS
process.exitCode = isGood ? 0 : 1

function told({ processes, zombies, megabytes, files }: Footprint): string {
  return `${processes} processes (${zombies} zombies), ${megabytes} MB, ${files} files in profiles`
}

async function duringBombs(): Promise<{ ms: number[]; failed: number }> {
  const outcomes = new Map<string, { outcomes: Set<string>; ms: number[] }>()
  const paths = Object.keys(BOMBS)
  let isOver = false
  const asked = (async () => {
    const answers: Promise<{ outcome: string; ms: number }>[] = []
    while (!isOver) {
      answers.push(world.render('http://a.sites.example/ordinary'))
      await delay(1_000)
    }
    return Promise.all(answers)
  })()
  for (let at = 0; at < RENDERS; at += 1) {
    const path = paths[at % paths.length] as string
    const { outcome, ms } = await world.render(`http://docs.example${path}`)
    const row = outcomes.get(path) ?? { outcomes: new Set(), ms: [] }
    outcomes.set(path, row)
    row.outcomes.add(outcome)
    row.ms.push(ms)
  }
  isOver = true
  say(`${'page'.padEnd(26)} ${'median ms'.padStart(9)} ${'most'.padStart(7)}  outcome`)
  for (const [path, { outcomes: seen, ms }] of outcomes) {
    say(
      `${path.padEnd(26)} ${String(quantile(ms, 0.5)).padStart(9)} ${String(quantile(ms, 1)).padStart(7)}  ${[...seen].join(', ')}`,
    )
  }
  const answers = await asked
  return {
    ms: answers.map(({ ms }) => ms),
    failed: answers.filter(({ outcome }) => outcome !== '200').length,
  }
}

async function whileKilled() {
  let kills = 0
  const kill = () => {
    const browser = browserOf(world.thumbnailer.pid)
    if (browser === undefined) return
    process.kill(browser, 'SIGKILL')
    kills += 1
  }
  const answers: { outcome: string; ms: number }[] = []
  let left = KILLED_RENDERS
  const hosts = ['http://a.sites.example/k', 'http://docs.example/k']
  await Promise.all(
    hosts.map(async (url) => {
      while (left > 0) {
        left -= 1
        if (left % (KILLED_RENDERS / KILLS) === 0) setTimeout(kill, 100)
        answers.push(await world.render(url))
      }
    }),
  )
  await delay(500)
  kill()
  const next = await world.render('http://docs.example/next')
  return {
    kills,
    arrived: answers.filter(({ outcome }) => outcome === '200').length,
    slowestMs: Math.max(...answers.map(({ ms }) => ms)),
    nextMs: next.ms,
  }
}

/**
 * `npm run show:kills`: a hundred renders while a browser is killed (`kill -9`) ten times, then kills in idle moments and
 * how soon the next picture comes; then what an idle browser has of memory, and after five hundred more renders in it.
 *
 * `-- --renders 500`: so many for the memory.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { browserOf } from '../../thumbnailer/program.ts'
import { openWorld, type World } from '../bombs/world.ts'
import { footprintOf, told } from '../footprint.ts'
import { quantile } from '../quantile.ts'

const { values: options } = parseArgs({ options: { renders: { type: 'string', default: '500' } } })
const MEMORY_RENDERS = Number(options.renders)
const KILLED_RENDERS = 100
const KILLS = 10
const IDLE_KILLS = 5
const NEXT_MS_MAX = 1_500
const IDLE_MEGABYTES_MAX = 250
/** What one measurement and the next may differ by: the allocator's doing. */
const GROWTH_MAX = 1.15

const say = (line: string) => process.stdout.write(`${line}\n`)
const HOSTS = ['a.sites.example', 'docs.example']

const killed = await whileKilled()
const memory = await overManyRenders()
const isGood =
  killed.arrived === KILLED_RENDERS &&
  killed.nextMsMost <= NEXT_MS_MAX &&
  memory.first < IDLE_MEGABYTES_MAX &&
  memory.last <= memory.first * GROWTH_MAX
process.exitCode = isGood ? 0 : 1

async function whileKilled() {
  await using world = await openWorld({ browsers: 2, concurrency: 2, perSiteConcurrency: 2 })
  const { thumbnailer } = world
  await renderEach(world, 4)
  let kills = 0
  const kill = () => {
    const browser = browserOf(thumbnailer.pid)
    if (browser === undefined) return
    process.kill(browser, 'SIGKILL')
    kills += 1
  }
  const answers = await renderEach(world, KILLED_RENDERS, (left) => {
    if (left % (KILLED_RENDERS / KILLS) === 0) setTimeout(kill, 100)
  })
  const arrived = answers.filter(({ outcome }) => outcome === '200').length
  const ms = answers.map((answer) => answer.ms)
  say(
    `${KILLED_RENDERS} renders, a browser killed ${kills} times: ${arrived} pictures, p50 ${quantile(ms, 0.5)} ms, ` +
      `slowest ${quantile(ms, 1)} ms`,
  )
  const next: number[] = []
  for (let at = 0; at < IDLE_KILLS; at += 1) {
    await delay(1_000)
    // All of them, so that the next picture is in none that was there already.
    for (let one = browserOf(thumbnailer.pid); one !== undefined; one = browserOf(thumbnailer.pid)) {
      process.kill(one, 'SIGKILL')
      await delay(20)
    }
    next.push((await world.render('http://docs.example/next')).ms)
  }
  say(
    `all browsers killed in an idle moment, ${IDLE_KILLS} times: the next picture after ${next.map(Math.round).join(', ')} ms`,
  )
  say(`left: ${told(footprintOf(thumbnailer))}`)
  return { arrived, nextMsMost: Math.max(...next) }
}

async function overManyRenders() {
  // One browser for all, so that it is its memory and not that of a new one.
  await using world = await openWorld({
    ...{ browsers: 1, concurrency: 2, perSiteConcurrency: 2, rendersPerBrowser: 100_000 },
    browserMegabytesMax: 100_000,
  })
  await renderEach(world, 20)
  await delay(3_000)
  const first = footprintOf(world.thumbnailer)
  say(`\nidle browser: ${told(first)}`)
  const answers = await renderEach(world, MEMORY_RENDERS, (left) => {
    if (left % 100 === 0) say(`${MEMORY_RENDERS - left} renders: ${told(footprintOf(world.thumbnailer))}`)
  })
  await delay(3_000)
  const last = footprintOf(world.thumbnailer)
  const arrived = answers.filter(({ outcome }) => outcome === '200').length
  say(`${MEMORY_RENDERS} renders later (${arrived} pictures): ${told(last)}`)
  return { first: first.megabytes, last: last.megabytes }
}

/** Renders so many ordinary pages, two at once, each of another site. @param onBegin called with how many are left */
async function renderEach(
  world: World,
  count: number,
  onBegin: (left: number) => void = () => undefined,
): Promise<{ outcome: string; ms: number }[]> {
  const answers: { outcome: string; ms: number }[] = []
  let left = count
  await Promise.all(
    HOSTS.map(async (host) => {
      while (left > 0) {
        onBegin(left)
        left -= 1
        answers.push(await world.render(`http://${host}/page`))
      }
    }),
  )
  return answers
}

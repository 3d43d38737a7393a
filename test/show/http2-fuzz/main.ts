/**
 * `npm run show:http2-fuzz`: a million frames to our HTTP/2, on connections of some dozens each: made up (fast-check),
 * and real clients' connections with some of it changed (node:http2, curl, nghttp and h2load, as far as they are
 * installed). Does the edge live, is each connection answered or ended, does its log count those that it ended, does
 * it keep memory or connections, and is a good request on a fresh connection answered all the while?
 *
 * Less: `npm run show:http2-fuzz -- 50000`. The same again: `--seed N`. At most so long: `--minutes 10`.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { describeError } from '../../../edge/program/errors.ts'
import { generator } from '../../edge/http2/random-fields.ts'
import { http2Client } from '../../edge/http2-client.ts'
import { frame } from '../../edge/http2-frames.ts'
import { converse, type Outcome } from './conversation.ts'
import type { State } from './edge.ts'
import { mutated, type Recording, record } from './recordings.ts'
import { patientSequence, sequence } from './sequences.ts'

const { values, positionals } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    minutes: { type: 'string', default: '20' },
  },
  allowPositionals: true,
})
const FRAMES = Number(positionals[0] ?? 1_000_000)
const SEED = Number(values.seed)
const MINUTES = Number(values.minutes)
/** Connections at a time, and how many are made up a go. */
const LANES = 24
const BATCH = 300
/** The first of them make the process as large as it gets, so they don't count. */
const WARM_UP = 0.1
const GROWTH_BYTES_MAX = 48 * 1_048_576

const counts = {
  frames: 0,
  connections: 0,
  endings: {} as Record<string, number>,
  codes: {} as Record<string, number>,
}
const good = { asked: 0, answered: 0 }
const NOTHING = Buffer.alloc(0)
const SETTINGS = frame(4, 0, 0)
let shownMs = 0

process.stdout.write(`seed ${SEED}\n`)
try {
  process.exitCode = (await show()) ? 0 : 1
} catch (error) {
  process.stderr.write(`${describeError(error)}\nseed ${SEED}, about frame ${counts.frames}\n`)
  process.exitCode = 2
}
process.exit()

async function show(): Promise<boolean> {
  const child = fork(new URL('edge.ts', import.meta.url), { execArgv: ['--expose-gc'] })
  let hasDied = false
  child.once('exit', () => {
    hasDied = true
  })
  await once(child, 'message')
  const { port } = await stateOf(child)
  const { recordings, missing } = await record(port)
  for (const tool of missing) process.stdout.write(`without ${tool}, which is not installed\n`)
  process.stdout.write(`recorded: ${told(countsOf(recordings.map(({ client }) => client)))}\n`)
  const stop = new AbortController()
  const viewing = viewAllTheWhile(port, stop.signal)
  const deadlineMs = performance.now() + MINUTES * 60_000
  let before: State | undefined
  for (let batch = 0; counts.frames < FRAMES && performance.now() < deadlineMs && !hasDied; batch += 1) {
    if (before === undefined && counts.frames >= FRAMES * WARM_UP) before = await settledState(child)
    await fuzz(port, conversationsOf(batch, recordings))
    progress()
  }
  stop.abort()
  await viewing
  if (hasDied) {
    process.stdout.write(`the edge died about frame ${counts.frames}\n`)
    return false
  }
  const after = await settledState(child)
  child.disconnect()
  return report(before ?? after, after)
}

/** Frames of many connections: half made up, half recorded. */
function conversationsOf(batch: number, recordings: readonly Recording[]): Buffer[][] {
  const seed = SEED + batch
  const third = { seed, numRuns: BATCH / 3 }
  const random = generator(seed)
  const below = (bound: number) => Math.floor(random() * bound)
  return [
    ...fc.sample(sequence, third),
    ...fc.sample(patientSequence, third),
    ...Array.from({ length: BATCH / 3 }, () => mutated(recordings, below)),
  ]
}

async function fuzz(port: number, conversations: Buffer[][]): Promise<void> {
  const random = generator(counts.connections)
  const session: { ticket?: Buffer } = {}
  const lane = async () => {
    for (let frames = conversations.pop(); frames !== undefined; frames = conversations.pop()) {
      const cuts = Array.from({ length: Math.floor(random() * 4) }, () => random())
      const isRecorded = frames[0]?.[3] === 4
      const outcome = await converse(port, frames, {
        settings: isRecorded ? NOTHING : SETTINGS,
        cuts,
        session,
      })
      note(outcome, frames.length)
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
}

function note({ ending, code }: Outcome, frames: number): void {
  counts.frames += frames
  counts.connections += 1
  counts.endings[ending] = (counts.endings[ending] ?? 0) + 1
  if (code !== undefined) counts.codes[code] = (counts.codes[code] ?? 0) + 1
}

/** Five requests a second, on a fresh connection each. */
async function viewAllTheWhile(port: number, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    good.asked += 1
    const { status } = await ask(port)
    if (status === 200) good.answered += 1
    await pause(200)
  }
}

async function ask(port: number): Promise<{ status: number }> {
  const asking = async () => {
    await using viewer = await http2Client(port)
    return await viewer.ask({ path: good.asked % 4 === 0 ? '/new' : '/kept' })
  }
  try {
    return await Promise.race([asking(), pause(10_000, { status: 0 })])
  } catch {
    return { status: 0 }
  }
}

async function stateOf(child: ChildProcess): Promise<State> {
  child.send('state')
  const [state] = (await once(child, 'message')) as [State]
  return state
}

/** Once connections that were left have been seen to be gone. */
async function settledState(child: ChildProcess): Promise<State> {
  await pause(3_000)
  return await stateOf(child)
}

function report(before: State, after: State): boolean {
  const mb = (bytes: number) => (bytes / 1_048_576).toFixed(1)
  const growth = after.heapBytes - before.heapBytes
  const ended = Object.values(after.ended).reduce((sum, count) => sum + count, 0)
  const goaways = Object.entries(counts.codes).reduce(
    (sum, [code, count]) => sum + (code === '0' ? 0 : count),
    0,
  )
  process.stdout.write(
    `\n${counts.frames} frames on ${counts.connections} connections: ${told(counts.endings)}\n` +
      `GOAWAY by code: ${told(counts.codes)}\n` +
      `the log tells of ${ended} that were ended, ${goaways} viewers heard of it: ${told(after.ended)}\n` +
      `good requests: ${good.answered} of ${good.asked} answered\n` +
      `memory: ${mb(before.heapBytes)} MB after a tenth, ${mb(after.heapBytes)} MB at the end (resident ` +
      `${mb(before.residentBytes)}, ${mb(after.residentBytes)}); open connections: ${after.connections}\n`,
  )
  for (const failure of after.failures) process.stdout.write(`in the log: ${failure}\n`)
  return (
    (counts.endings.hung ?? 0) === 0 &&
    ended >= goaways &&
    good.asked > 0 &&
    good.answered === good.asked &&
    growth < GROWTH_BYTES_MAX &&
    after.connections <= before.connections &&
    after.failures.length === 0
  )
}

function countsOf(words: readonly string[]): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const word of words) sums[word] = (sums[word] ?? 0) + 1
  return sums
}

function told(sums: Record<string, number>): string {
  return Object.entries(sums)
    .map(([word, count]) => `${word} ${count}`)
    .join(', ')
}

/** On a terminal always; else once a minute, for a log. */
function progress(): void {
  const { isTTY } = process.stderr
  if (!isTTY && performance.now() - shownMs < 60_000) return
  shownMs = performance.now()
  const line = `${counts.frames} of ${FRAMES} frames, ${counts.connections} connections`
  process.stderr.write(isTTY ? `\r\x1b[K${line}` : `${line}\n`)
}

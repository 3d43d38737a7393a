/**
 * `npm run bench:ingest`: how fast log segments become rows that can be asked for, with all that is derived from
 * them, in the embedded ClickHouse; what that costs, and what it leaves on disk.
 *
 * `npm run bench:ingest -- 1000000`: so many records. They are made before the clock runs.
 */
import { promisify } from 'node:util'
import { zstdCompress } from 'node:zlib'
import { directory, forkAnalytics, settingsBut } from '../../analytics/analytics.ts'
import { sendSegment } from '../../analytics/segment.ts'
import { memoryMegabytes } from '../../show/deployment.ts'
import { cpuSeconds, kernelSeconds } from '../processes.ts'
import { edgeShare } from './edge-share.ts'
import { leftBehind } from './left-behind.ts'
import { segmentsOf } from './segments.ts'

const RECORDS = Number(process.argv[2] ?? 1_000_000)
/** As a busy edge seals them: 8 MB. */
const SEGMENT_RECORDS = 20_000
/** Segments on their way at a time. */
const AT_ONCE = 3
/** Before anything is measured: compilers, and the first parts. */
const WARM_UP_SEGMENTS = 5

const compressed = promisify(zstdCompress)

const share = await edgeShare()
const bodies: Buffer[] = []
for (const lines of segmentsOf(RECORDS + WARM_UP_SEGMENTS * SEGMENT_RECORDS, SEGMENT_RECORDS)) {
  // As edges pack them: edge/log/shipper.ts.
  bodies.push(await compressed(Buffer.from(lines, 'latin1'), { pledgedSrcSize: lines.length }))
  progress(`${bodies.length * SEGMENT_RECORDS} records made`)
}

await using data = await directory()
const settings = await settingsBut({
  data: data.path,
  distributions: Array.from({ length: 40 }, (_, at) => ({ id: `d${at}`, aliases: [`*.site-${at}.example`] })),
})
const program = await forkAnalytics(settings)
const pid = program.pid as number
const collector = `http://127.0.0.1:${settings.collector.port}`
let sent = 0

await send(WARM_UP_SEGMENTS)
await worstTurnMs()
const before = {
  ms: performance.now(),
  cpu: cpuSeconds([pid]),
  kernel: kernelSeconds([pid]),
  rss: memoryMegabytes(pid, 'VmRSS'),
}
await send(bodies.length)
const seconds = (performance.now() - before.ms) / 1_000
const cpu = cpuSeconds([pid]) - before.cpu
const kernel = kernelSeconds([pid]) - before.kernel
const rss = memoryMegabytes(pid, 'VmRSS')
const most = memoryMegabytes(pid, 'VmHWM')
const turnMs = await worstTurnMs()
program.kill('SIGTERM')
await new Promise((resolve) => program.once('exit', resolve))
const rows = await leftBehind(data.path)
const microseconds = (cpu / RECORDS) * 1e6
process.stdout.write(
  `${RECORDS} records in ${seconds.toFixed(1)} s: ${Math.round(RECORDS / seconds)} records/s, ` +
    `${microseconds.toFixed(1)} µs of CPU a record, merges included, ` +
    `${((kernel / RECORDS) * 1e6).toFixed(1)} of them the kernel’s\n` +
    `  ${(microseconds / rows.copyMicroseconds).toFixed(1)} × what ClickHouse takes for a bare copy of the rows ` +
    `(${rows.copyMicroseconds.toFixed(1)} µs)\n` +
    `memory ${before.rss} MB after warm-up, ${rss} MB at the end, ${most} MB at most\n` +
    `longest wait for the event loop: ${turnMs.toFixed(0)} ms\n` +
    `on disk: ${(rows.bytes / rows.rows).toFixed(1)} bytes a record (${rows.rows} rows), ` +
    `rollups ${(rows.rollupBytes / rows.rows).toFixed(1)}\n` +
    `at an edge, from record to segment: ${timeOf(share.worded)}; of a repeated hit ${timeOf(share.repeated)}\n`,
)
process.exitCode = rows.rows === RECORDS + WARM_UP_SEGMENTS * SEGMENT_RECORDS ? 0 : 1

/** Sends so many of the segments, or those that are left, a few at a time. */
async function send(most: number): Promise<void> {
  const end = Math.min(bodies.length, sent + most)
  async function sender(): Promise<void> {
    while (sent < end) {
      const body = bodies[sent] as Buffer
      const token = `bench/1-a/${sent}`
      sent += 1
      const answer = await sendSegment(collector, '', { token, signedAtMs: Date.now(), body })
      if (answer.status !== 204) throw new Error(`${answer.status} ${await answer.text()}`)
      progress(`${sent} of ${bodies.length} segments`)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, sender))
}

/** The longest that the event loop let something wait since this was asked last, ms. */
async function worstTurnMs(): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${settings.admin.port}/metrics`)
  return 1_000 * Number(/^nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(await answer.text())?.[1])
}

function timeOf({ user, system }: typeof share.worded): string {
  return `${user.toFixed(1)} µs a record and ${system.toFixed(1)} of the kernel`
}

function progress(what: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${what}`)
}

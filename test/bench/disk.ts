/**
 * `npm run bench:disk -- [MEGABYTES]`: the disk store filled three times over, by bodies of several sizes: how
 * fast, is the bound held, how large is the file, and how long does the event loop wait? Then the same store
 * opened again and read, its pages cold, and once more warm. A store of 200 MB unless said; half a minute.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { pino } from 'pino'
import { type DiskStore, openDiskStore } from '../../edge/cache/disk/disk-store.ts'
import { responseOf } from '../edge/disk-bodies.ts'
import { mulberry32 } from './eviction/generated.ts'
import { aligned } from './table.ts'

const BYTES_MAX = Number(process.argv[2] ?? 200) * 1e6
const SLICE_BYTES = 1_048_576
/** So many reads of a store, and so many of them at once. */
const READS = 1_000
const AT_ONCE = 8

const random = mulberry32(1)
const page = () => 1_000 + Math.floor(random() * 1_000)
/** Size of the next body, when so much of the fill is done. */
const FILLS: Readonly<Record<string, (done: number) => number>> = {
  'pages of 1 to 2 KB': page,
  'slices of 1 MiB': () => SLICE_BYTES,
  'pages, then slices': (done) => (done < 0.5 ? page() : SLICE_BYTES),
  'slices, then pages': (done) => (done < 0.5 ? SLICE_BYTES : page()),
}

const text = Buffer.alloc(SLICE_BYTES, 'selvedge ')
const fills: string[][] = [
  ['', 'objects/s', 'MB/s', 'most in use, MB', 'file, MB', 'loop p99, ms', 'loop max, ms'],
]
const reads: string[][] = [['', 'reads/s', 'p50, ms', 'p99, ms', 'loop p99, ms', 'loop max, ms']]
for (const [name, sizeOf] of Object.entries(FILLS)) {
  const directory = mkdtempSync(join(tmpdir(), 'selvedge-disk-'))
  const written = await fill(name, join(directory, 'cache'), sizeOf)
  cool(join(directory, 'cache', 'data.mdb'))
  for (const warmth of ['cold', 'warm']) await read(`${name}, ${warmth}`, join(directory, 'cache'), written)
  rmSync(directory, { recursive: true })
}
process.stdout.write(`${aligned(fills)}\n\n${aligned(reads)}\n`)

/** @returns how many were written */
async function fill(name: string, directory: string, sizeOf: (done: number) => number): Promise<number> {
  await using store = await open(directory)
  const loop = loopDelay()
  const startedMs = performance.now()
  let [objects, bytes, unflushed, most] = [0, 0, 0, 0]
  for (; bytes < 3 * BYTES_MAX; objects += 1) {
    const size = sizeOf(bytes / (3 * BYTES_MAX))
    const body = Buffer.from(text.subarray(0, size))
    store.write(`key ${objects}`, responseOf(body, { version: String(objects) }))
    bytes += size
    unflushed += size + 4_096
    if (unflushed < 4_000_000) continue
    await store.flushed()
    most = Math.max(most, store.bytes)
    unflushed = 0
  }
  await store.flushed()
  const seconds = (performance.now() - startedMs) / 1_000
  const file = statSync(join(directory, 'data.mdb')).size
  fills.push([name, ...whole(objects / seconds, bytes / 1e6 / seconds, most / 1e6, file / 1e6), ...loop()])
  return objects
}

async function read(name: string, directory: string, written: number): Promise<void> {
  await using store = await open(directory)
  // What came first went first: from this number on all are there.
  const kept = written - store.objects
  const tookMs: number[] = []
  const loop = loopDelay()
  const startedMs = performance.now()
  const reader = async () => {
    while (tookMs.length < READS) {
      const askedMs = performance.now()
      await store.read(`key ${kept + Math.floor(random() * (written - kept))}`)
      tookMs.push(performance.now() - askedMs)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, reader))
  const seconds = (performance.now() - startedMs) / 1_000
  const sorted = tookMs.sort((a, b) => a - b)
  const quantiles = [0.5, 0.99].map((share) => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(1))
  reads.push([name, ...whole(tookMs.length / seconds), ...quantiles, ...loop()])
}

function open(directory: string): Promise<DiskStore> {
  return openDiskStore({ directory, bytesMax: BYTES_MAX, log: pino({ level: 'error' }) })
}

/** Takes a file's pages out of memory, as after a restart of the machine; nobody may have it open. */
function cool(file: string): void {
  execFileSync('sync', [file])
  execFileSync('dd', [`if=${file}`, 'iflag=nocache', 'count=0'], { stdio: 'ignore' })
}

/** @returns what tells how long the loop was kept from its timers since, p99 and most, ms */
function loopDelay(): () => string[] {
  const histogram = monitorEventLoopDelay({ resolution: 1 })
  histogram.enable()
  return () => [histogram.percentile(99), histogram.max].map((ns) => (ns / 1e6).toFixed(1))
}

function whole(...values: number[]): string[] {
  return values.map((value) => new Intl.NumberFormat('en', { maximumFractionDigits: 0 }).format(value))
}

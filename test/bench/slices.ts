/**
 * Parts of an object of 10 GB, asked for at random: what that takes of memory and of the origin, alone and
 * while a hundred slow readers hold the whole of it open. Prints a table; exits with 1 when a body was wrong.
 */
import { randomBytes, randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Agent, request } from 'undici'
import { HOST } from './contenders/contender.ts'
import { startTiers, type Tiers } from './contenders/tiers.ts'
import { cpuSeconds, peakResidentBytes, readBytes, untilAnswered } from './processes.ts'

const OBJECT_BYTES = 10_000_000_000
const SLICE_BYTES = 1_048_576
const CACHE_BYTES = 64 * 1_048_576
const RANGES = 200
/** Ranges are of 1 KB to 2 MB, as likely small as large. */
const RANGE_BYTES_MIN = 1_000
const RANGE_BYTES_MAX = 2_000_000
/** How many are under way at a time. */
const AT_ONCE = 4

const SLOW_READERS = 100
/** A slow reader takes what has come this often, ms: a few hundred KB/s. */
const SLOW_PAUSE_MS = 250

interface ByteRange {
  first: number
  last: number
}

/** Who else reads while the ranges are asked for. */
const SCENES: readonly { name: string; slow(index: number): number | undefined }[] = [
  { name: '200 ranges', slow: () => undefined },
  { name: '… beside 100 slow readers of the whole', slow: () => 0 },
  { name: '… beside 100 slow readers, each at another place', slow: (at) => at * 90_000_000 },
]

const folder = await mkdtemp(join(tmpdir(), 'selvedge-slices-'))
const wrong: string[] = []
try {
  const ranges = Array.from({ length: RANGES }, randomRange)
  const file = await madeObject(join(folder, 'origin'), ranges)
  say(
    `${RANGES} ranges of ${OBJECT_BYTES / 1e9} GB, ${(sum(ranges.map(bytesIn)) / 1e6).toFixed(1)} MB in all, in`,
  )
  say(`${slicesOf(ranges)} slices of 1 MiB; caches of 64 MiB in edge and shield\n`)
  for (const scene of SCENES) await play(scene, ranges, file)
  await file.close()
} finally {
  await rm(folder, { recursive: true })
}
for (const problem of wrong) say(problem)
process.exitCode = wrong.length === 0 ? 0 : 1

/** A sparse file with random bytes where somebody will look. */
async function madeObject(origin: string, ranges: readonly ByteRange[]): Promise<FileHandle> {
  mkdirSync(origin)
  const file = await open(join(origin, 'film.mp4'), 'w+')
  await file.truncate(OBJECT_BYTES)
  for (const { first, last } of ranges) {
    const bytes = randomBytes(last - first + 1)
    await file.write(bytes, 0, bytes.byteLength, first)
  }
  return file
}

/** One scene, with programs of its own, so that each has its own peak. */
async function play(
  scene: (typeof SCENES)[number],
  ranges: readonly ByteRange[],
  file: FileHandle,
): Promise<void> {
  const home = await mkdtemp(join(folder, 'tiers-'))
  const origin = { id: 'origin', folder: { path: join(folder, 'origin'), cacheControl: 'max-age=3600' } }
  await using tiers = await startTiers(origin, home, {
    cores: { edge: 0, shield: 1 },
    cacheBytes: { edge: CACHE_BYTES, shield: CACHE_BYTES },
  })
  await using parts = new AsyncDisposableStack()
  const client = parts.adopt(new Agent(), (one) => one.destroy())
  await untilAnswered(() => bytesOf(tiers, { first: 0, last: 0 }, client))
  const before = { edge: peakResidentBytes(tiers.edge), shield: peakResidentBytes(tiers.shield) }
  const readers = Array.from({ length: SLOW_READERS }, (_, at) => scene.slow(at))
    .filter((from) => from !== undefined)
    .map((from) => slowReader(tiers.ports.http, from))
  await Promise.all(readers.map(({ begun }) => begun))
  const readBefore = readBytes(tiers.shield)
  const sentBefore = sum(readers.map(({ read }) => read()))

  const cpuBefore = { edge: cpuSeconds([tiers.edge]), shield: cpuSeconds([tiers.shield]) }
  const startedMs = performance.now()
  const right = await askForAll(tiers, ranges, file, client)
  const tookMs = performance.now() - startedMs

  const read = readBytes(tiers.shield) - readBefore
  const drained = sum(readers.map((reader) => reader.read())) - sentBefore
  const broken = readers.filter(({ socket }) => socket.destroyed).length
  if (broken > 0) wrong.push(`${scene.name}: ${broken} slow readers were cut off`)
  for (const { socket } of readers) socket.destroy()
  const peak = { edge: peakResidentBytes(tiers.edge), shield: peakResidentBytes(tiers.shield) }
  const cpu = {
    edge: cpuSeconds([tiers.edge]) - cpuBefore.edge,
    shield: cpuSeconds([tiers.shield]) - cpuBefore.shield,
  }
  const others = readers.length > 0 ? `; the slow readers took ${mega(drained)}` : ''
  say(scene.name)
  say(
    `  peak memory    edge ${mega(peak.edge)} (${mega(before.edge)} at rest), shield ${mega(peak.shield)} (${mega(before.shield)})`,
  )
  say(
    `  origin read    ${mega(read)}, the ranges’ slices are ${mega(slicesOf(ranges) * SLICE_BYTES)}${others}`,
  )
  say(`  bodies right   ${right} of ${ranges.length}`)
  say(
    `  time           ${seconds(tookMs / 1000)}; of a core: edge ${seconds(cpu.edge)}, shield ${seconds(cpu.shield)}\n`,
  )
}

/** @returns how many bodies were the object's */
async function askForAll(
  tiers: Tiers,
  ranges: readonly ByteRange[],
  file: FileHandle,
  client: Agent,
): Promise<number> {
  let right = 0
  const left = [...ranges]
  const asker = async () => {
    for (let range = left.pop(); range !== undefined; range = left.pop()) {
      const got = await bytesOf(tiers, range, client)
      const wanted = Buffer.alloc(bytesIn(range))
      await file.read(wanted, 0, wanted.byteLength, range.first)
      if (got.equals(wanted)) right += 1
      else wrong.push(`bytes ${range.first}-${range.last} are not the object’s`)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, asker))
  return right
}

async function bytesOf({ ports }: Tiers, { first, last }: ByteRange, client: Agent): Promise<Buffer> {
  const response = await request(`http://127.0.0.1:${ports.http}/film.mp4`, {
    headers: { host: HOST, range: `bytes=${first}-${last}` },
    dispatcher: client,
  })
  const bytes = Buffer.from(await response.body.arrayBuffer())
  if (response.statusCode !== 206) throw new Error(`status ${response.statusCode} for a range`)
  return bytes
}

/** A viewer on a slow line. @param from first byte that is wanted; 0 asks for the whole */
function slowReader(port: number, from: number): { socket: Socket; begun: Promise<unknown>; read(): number } {
  const socket = connect({ host: '127.0.0.1', port })
  const range = from === 0 ? '' : `Range: bytes=${from}-\r\n`
  socket.write(`GET /film.mp4 HTTP/1.1\r\nHost: ${HOST}\r\n${range}\r\n`)
  socket.on('error', () => undefined)
  socket.on('data', () => {
    socket.pause()
    setTimeout(() => socket.resume(), SLOW_PAUSE_MS)
  })
  return { socket, begun: once(socket, 'data'), read: () => socket.bytesRead }
}

function randomRange(): ByteRange {
  const bytes = Math.floor(RANGE_BYTES_MIN * (RANGE_BYTES_MAX / RANGE_BYTES_MIN) ** Math.random())
  const first = randomInt(0, OBJECT_BYTES - bytes)
  return { first, last: first + bytes - 1 }
}

function slicesOf(ranges: readonly ByteRange[]): number {
  const indexes = new Set<number>()
  for (const { first, last } of ranges) {
    for (let at = Math.floor(first / SLICE_BYTES); at * SLICE_BYTES <= last; at += 1) indexes.add(at)
  }
  return indexes.size
}

function bytesIn({ first, last }: ByteRange): number {
  return last - first + 1
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function seconds(value: number): string {
  return `${value.toFixed(1)} s`
}

function mega(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`
}

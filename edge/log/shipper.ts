import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { zstdCompress } from 'node:zlib'
import type { Logger } from 'pino'
import { request } from 'undici'
import { signedValue } from '../program/shared-key.ts'
import { linesOf, segmentFile, segmentIn } from './segment.ts'

const compressed = promisify(zstdCompress)

/** How often the spool is looked at when there was nothing to send, ms. */
const LOOK_MS = 250
/** Pause after a failure: doubles up to the most, with jitter, ms. */
const PAUSE_MS_MIN = 250
const PAUSE_MS_MAX = 15_000
/** How long the collector may take to acknowledge a segment, ms. */
const ACKNOWLEDGE_MS_MAX = 30_000

export interface ShipperOptions {
  directory: string
  /** Name of this machine, the first part of each segment's key. */
  node: string
  /** The collector's URL. */
  collector: string
  key: string
  /** Bound on what waits in the spool, bytes; beyond it the oldest segments go. */
  spoolBytesMax: number
  log: Logger
}

/** Sends sealed segments to the collector, oldest first, each until it is acknowledged. */
export interface Shipper extends AsyncDisposable {
  /** Seals what a process that died left open; its torn end, if any, is cut off when it is sent. */
  adopt(pid: number): Promise<void>
  readonly waitingBytes: number
  readonly shipped: number
  /** Segments dropped because the spool was full. */
  readonly dropped: number
}

/** Starts sending. Segments that an earlier life of this node left open are sealed first. */
export async function startShipper(options: ShipperOptions): Promise<Shipper> {
  const { directory, log } = options
  await mkdir(directory, { recursive: true })
  await sealLeftovers(directory, () => true)
  const stop = new AbortController()
  const figures = { waitingBytes: 0, shipped: 0, dropped: 0 }

  /** A pause that a stop ends early, which is no failure. */
  const rest = (ms: number) => pause(ms, undefined, { signal: stop.signal }).catch(() => undefined)

  async function run(): Promise<void> {
    let pauseMs = PAUSE_MS_MIN
    while (!stop.signal.aborted) {
      const failure = await shipAll().catch((error: unknown) => String(error))
      if (failure === undefined) {
        pauseMs = PAUSE_MS_MIN
        await rest(LOOK_MS)
        continue
      }
      log.warn(
        { failure, waitingBytes: figures.waitingBytes, pauseMs },
        'log segments wait for the collector',
      )
      await rest(pauseMs * (0.5 + Math.random()))
      pauseMs = Math.min(PAUSE_MS_MAX, pauseMs * 2)
    }
  }

  /** One pass over what is sealed now. @returns why it was broken off, if it was */
  async function shipAll(): Promise<string | undefined> {
    for (const file of await withinBound()) {
      if (stop.signal.aborted) return undefined
      const refusal = await ship(options, file, stop.signal)
      if (refusal === 'refused for good') {
        await rename(join(directory, file), join(directory, `${file}.refused`))
        log.error({ file }, 'the collector refused a segment for good; it is kept in the spool as .refused')
      } else if (refusal !== undefined) return refusal
      else figures.shipped += 1
    }
    return undefined
  }

  /** The sealed segments, oldest first; when they are more than the spool may hold, the oldest are dropped. */
  async function withinBound(): Promise<string[]> {
    const files = await sealedFiles(directory)
    let waitingBytes = files.reduce((sum, { bytes }) => sum + bytes, 0)
    let first = 0
    for (; waitingBytes > options.spoolBytesMax; first += 1) {
      const oldest = files[first]
      if (oldest === undefined) break
      await rm(join(directory, oldest.file))
      waitingBytes -= oldest.bytes
      figures.dropped += 1
      log.error(
        { file: oldest.file, spoolBytesMax: options.spoolBytesMax },
        'the log spool is full: a segment was dropped',
      )
    }
    figures.waitingBytes = waitingBytes
    return files.slice(first).map(({ file }) => file)
  }

  const running = run()
  return {
    adopt: (pid) => sealLeftovers(directory, (writer) => writer.startsWith(`${pid}-`)),
    get waitingBytes() {
      return figures.waitingBytes
    },
    get shipped() {
      return figures.shipped
    },
    get dropped() {
      return figures.dropped
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
      // What the workers sealed while they stopped should not have to wait for the next start.
      await shipLast(options).catch((error: unknown) =>
        log.warn({ error: String(error) }, 'log segments stay in the spool'),
      )
    },
  }
}

async function shipLast(options: ShipperOptions): Promise<void> {
  const deadline = AbortSignal.timeout(1_500)
  for (const { file } of await sealedFiles(options.directory)) {
    const refusal = await ship(options, file, deadline)
    if (refusal !== undefined) return
  }
}

/**
 * Sends one segment; deletes it once the collector has it.
 *
 * @returns why it is still here, or `undefined`
 */
async function ship(options: ShipperOptions, file: string, signal: AbortSignal): Promise<string | undefined> {
  const name = segmentIn(file)
  if (name === undefined) return undefined
  const path = join(options.directory, file)
  const { lines, tornBytes } = linesOf(await readFile(path))
  if (tornBytes > 0) options.log.warn({ file, tornBytes }, 'a segment has a torn end: its writer was killed')
  if (lines.length > 0) {
    const url = new URL(`/v1/segments/${options.node}/${name.writer}/${name.number}`, options.collector)
    // Said how long it is, the collector unpacks it in one piece.
    const body = await compressed(lines, { pledgedSrcSize: lines.length })
    const refusal = await put(options, url, body, signal)
    if (refusal !== undefined) return refusal
  }
  await rm(path)
  return undefined
}

async function put(
  options: ShipperOptions,
  url: URL,
  body: Buffer,
  signal: AbortSignal,
): Promise<string | undefined> {
  const digest = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`
  const response = await request(url, {
    method: 'PUT',
    headers: {
      'content-type': 'text/tab-separated-values',
      'content-encoding': 'zstd',
      'content-digest': digest,
      'selvedge-signature': signedValue(options.key, 'collector', ['PUT', url.pathname, digest], Date.now()),
    },
    body,
    signal: AbortSignal.any([signal, AbortSignal.timeout(ACKNOWLEDGE_MS_MAX)]),
  })
  const text = await response.body.text()
  if (response.statusCode < 300) return undefined
  const final = response.statusCode === 400 || response.statusCode === 413
  return final ? 'refused for good' : `${url.origin} answered ${response.statusCode} ${text.slice(0, 200)}`
}

async function sealedFiles(directory: string): Promise<{ file: string; bytes: number }[]> {
  const names = (await readdir(directory)).filter((file) => segmentIn(file)?.state === 'sealed')
  const files = await Promise.all(
    names.map(async (file) => {
      const { size, mtimeMs } = await stat(join(directory, file))
      return { file, bytes: size, mtimeMs }
    }),
  )
  return files.sort((a, b) => a.mtimeMs - b.mtimeMs)
}

async function sealLeftovers(directory: string, ofWriter: (writer: string) => boolean): Promise<void> {
  for (const file of await readdir(directory)) {
    const name = segmentIn(file)
    if (name?.state !== 'open' || !ofWriter(name.writer)) continue
    await rename(join(directory, file), join(directory, segmentFile(name, 'sealed')))
  }
}

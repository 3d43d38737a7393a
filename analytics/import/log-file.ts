import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { ConfigError } from '../../edge/program/errors.ts'
import { messageOf } from '../clickhouse/failure.ts'

/** What is read and inserted at a time, bytes; some 70,000 lines. A killed import needs the same to go on. */
export const BLOCK_BYTES = 16_777_216

/** Longest line that a block is held open for, bytes. */
const LINE_BYTES_MAX = 1_048_576

/** Characters of a file's digest that name it. */
const DIGEST_CHARACTERS = 24

const READ_BYTES = 1_048_576
const LINE_FEED = 0x0a

/** Hears of bytes that were read from the disk. */
export type OnRead = (bytes: number) => void

/**
 * What is in a log file, unpacked where it is gzip (its first bytes say so).
 *
 * @throws ConfigError at the first read of what can't be read or unpacked
 */
export async function* contentOf(path: string, onRead?: OnRead): AsyncGenerator<Buffer> {
  try {
    yield* (await openLog(path, onRead)) as AsyncIterable<Buffer>
  } catch (error) {
    throw new ConfigError(path, `can't be read (${messageOf(error)})`, 'Name log files, plain or gzip.')
  }
}

async function openLog(path: string, onRead?: OnRead): Promise<Readable> {
  const isGzip = await startsLikeGzip(path)
  const file = createReadStream(path, { highWaterMark: READ_BYTES })
  if (onRead !== undefined) file.on('data', (chunk) => onRead(chunk.length))
  if (!isGzip) return file
  // The iterator hears of a failure of either, which it is thrown.
  return pipeline(file, createGunzip({ chunkSize: READ_BYTES }), () => undefined)
}

async function startsLikeGzip(path: string): Promise<boolean> {
  let file: FileHandle | undefined
  try {
    file = await open(path)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0)
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b
  } finally {
    await file?.close()
  }
}

/**
 * The name of what is in a file: the same whether it is packed or not, and whatever the file is called.
 *
 * @throws ConfigError
 */
export async function digestOf(path: string, signal: AbortSignal): Promise<string> {
  const digest = createHash('sha256')
  for await (const chunk of contentOf(path)) {
    signal.throwIfAborted()
    digest.update(chunk)
  }
  return digest.digest('hex').slice(0, DIGEST_CHARACTERS)
}

/**
 * A file in blocks that end where a line does, the same ones each time.
 *
 * @throws ConfigError
 */
export async function* blocksOf(
  path: string,
  { blockBytes, onRead }: { blockBytes: number; onRead: OnRead },
): AsyncGenerator<Buffer> {
  let parts: Buffer[] = []
  let length = 0
  for await (const chunk of contentOf(path, onRead)) {
    let rest: Buffer | undefined = chunk
    while (rest !== undefined) {
      const end = endOfBlock(rest, { length, blockBytes })
      parts.push(end === undefined ? rest : rest.subarray(0, end))
      length += end ?? rest.length
      rest = end === undefined || end === rest.length ? undefined : rest.subarray(end)
      if (end === undefined) break
      yield Buffer.concat(parts)
      parts = []
      length = 0
    }
  }
  if (length > 0) yield Buffer.concat(parts)
}

/**
 * Where in a piece of the file the block ends that has `length` bytes already: behind the first line feed from
 * `blockBytes` on, or in the middle of a line without end.
 */
function endOfBlock(
  piece: Buffer,
  { length, blockBytes }: { length: number; blockBytes: number },
): number | undefined {
  const from = Math.max(0, blockBytes - length)
  const most = blockBytes + LINE_BYTES_MAX - length
  if (from >= piece.length) return undefined
  const feed = piece.indexOf(LINE_FEED, from)
  if (feed !== -1 && feed < most) return feed + 1
  return most <= piece.length ? most : undefined
}

import type { FileHandle } from 'node:fs/promises'
import { addAbortSignal, Readable } from 'node:stream'
import { type Leaving, signalOf } from '../../edge/cache/leaving.ts'
import type { ByteRange } from '../../edge/cache/rules/range.ts'

const CHUNK_BYTES = 65_536

/**
 * The bytes of an open file; when they are read, or nobody wants them any more, the file is closed.
 * A file that turns out shorter than it was, because somebody truncated it meanwhile, ends in an
 * error: half an object must never look whole.
 */
export function fileBody(file: FileHandle, { first, last }: ByteRange, signal: Leaving): Readable {
  const chunks = chunksOf(file, first, last)
  const body = Readable.from(chunks, { objectMode: false, highWaterMark: CHUNK_BYTES })
  // Also when nobody has read a byte, and the generator so never ran. Closing what was only read loses nothing.
  body.once('close', () => void file.close().catch(() => undefined))
  // An abort before anybody listens is nobody's error; whoever reads later still gets it.
  body.on('error', () => undefined)
  return addAbortSignal(signalOf(signal), body)
}

async function* chunksOf(file: FileHandle, first: number, last: number): AsyncGenerator<Buffer> {
  for (let at = first; at <= last; ) {
    const wanted = Math.min(CHUNK_BYTES, last - at + 1)
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(wanted), 0, wanted, at)
    if (bytesRead === 0) throw new Error('the file became shorter while it was read')
    yield buffer.subarray(0, bytesRead)
    at += bytesRead
  }
}

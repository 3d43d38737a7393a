import type { Readable } from 'node:stream'
import type { Leaving } from '../leaving.ts'
import type { ByteRange } from '../rules/range.ts'
import type { Segment } from '../selected.ts'
import { readGenerated } from './generated-body.ts'
import type { SlicedObject } from './sliced-object.ts'
import type { Slices } from './slices.ts'

/** In how small pieces a slice is given to whoever reads, bytes. */
const PIECE_BYTES = 65_536

/**
 * Thrown when a stored response can't be answered from, because slices of it are gone that can't be had
 * again, or the object is another one now. The stored response has been forgotten.
 */
export class SlicesLost extends Error {
  constructor() {
    super('the object changed, or slices of it that upstream can’t give again are gone')
    this.name = 'SlicesLost'
  }
}

/**
 * A stream of segments of a sliced object. It has one slice at a time, fetches the next when half of that
 * one has been read, and ends in an 'error' event when a slice can't be had: never in a clean end, and
 * never with bytes of another version.
 *
 * @param pinned slices that are held for this reader, by index; each is let go once it has been read
 */
export function readSlices(
  slices: Slices,
  object: SlicedObject,
  segments: readonly Segment[],
  pinned: Map<number, Buffer>,
): Readable {
  const closed = new AbortController()
  const pieces = piecesOf(
    segments,
    createSliceReader(slices, object, pinned, closed.signal),
    slices.sliceBytes,
  )
  return readGenerated(pieces, () => closed.abort())
}

/** As `readSlices`, all of it. */
export function readWhole(slices: Slices, object: SlicedObject): Readable {
  return readSlices(slices, object, [{ first: 0, last: object.head.sliced.bytes - 1 }], new Map())
}

/** Gets slices one after the other for one reader. */
interface SliceReader {
  /** @throws SlicesLost, UpstreamError, ViewerGone */
  slice(index: number): Promise<Buffer>
  /** Lets a slice be fetched that will be asked for next. */
  prepare(index: number): void
}

function createSliceReader(
  slices: Slices,
  object: SlicedObject,
  pinned: Map<number, Buffer>,
  reader: Leaving,
): SliceReader {
  let prepared: { index: number; slice: Promise<Buffer> } | undefined
  let current: { index: number; slice: Buffer } | undefined

  async function pull(index: number): Promise<Buffer> {
    const landing = await slices.pull(object, index, reader)
    if (Buffer.isBuffer(landing)) return landing
    if (landing.kind === 'changed') throw new SlicesLost()
    if (landing.kind === 'failed') throw landing.error
    return landing.body
  }

  return {
    async slice(index) {
      // Several ranges may lie in one slice.
      if (current?.index === index) return current.slice
      current = undefined
      const slice =
        pinned.get(index) ?? (prepared?.index === index ? await prepared.slice : await pull(index))
      pinned.delete(index)
      prepared = undefined
      current = { index, slice }
      return slice
    },
    prepare(index) {
      if (pinned.has(index) || prepared !== undefined) return
      const slice = pull(index)
      // Why it can't be had is told to whoever comes to need it.
      slice.catch(() => undefined)
      prepared = { index, slice }
    },
  }
}

async function* piecesOf(
  segments: readonly Segment[],
  reader: SliceReader,
  sliceBytes: number,
): AsyncGenerator<Buffer> {
  for (const segment of segments) {
    if (Buffer.isBuffer(segment)) yield segment
    else yield* piecesOfRange(segment, reader, sliceBytes)
  }
}

async function* piecesOfRange(
  { first, last }: ByteRange,
  reader: SliceReader,
  sliceBytes: number,
): AsyncGenerator<Buffer> {
  const lastIndex = Math.floor(last / sliceBytes)
  for (let at = first; at <= last; ) {
    const index = Math.floor(at / sliceBytes)
    const slice = await reader.slice(index)
    const begin = index * sliceBytes
    const end = Math.min(last + 1 - begin, slice.byteLength)
    for (let from = at - begin; from < end; from += PIECE_BYTES) {
      if (2 * from >= end && index < lastIndex) reader.prepare(index + 1)
      yield slice.subarray(from, Math.min(from + PIECE_BYTES, end))
    }
    at = begin + end
  }
}

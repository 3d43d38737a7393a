import { once } from 'node:events'
import { createZstdDecompress, type ZstdDecompress } from 'node:zlib'

/** How much is unpacked at a time where a frame doesn't say how long its lines are. */
const PIECE_BYTES = 2 * 1_048_576

/** The least that a stream of Node's makes room for, before it gets memory of ours. */
const PIECE_BYTES_MIN = 64

/** Memory kept for the segments to come: as much as edges fill, of as many as are on their way where much comes. */
const KEPT_BYTES_MAX = 16 * 1_048_576
const KEPT_MAX = 4

/** No two segments are of one size, but most of nearly the same. */
const ROUNDED_BYTES = 1_048_576

/** Unpacks segments (Zstandard, RFC 8878). */
export interface Unpacker {
  /** @throws UnpackedTooLarge @throws Error when it is no whole frame */
  unpack(packed: Buffer): Promise<Buffer>
  /** Lets the memory of what was unpacked be used again. */
  giveBack(lines: Buffer): void
}

/** More than was allowed. */
export class UnpackedTooLarge extends Error {}

/** What Node's streams write into: not documented, but not to be had otherwise. A test holds that it works. */
interface Output {
  _outBuffer: Buffer
  _chunkSize: number
}

/**
 * Unpacks into memory that is used again, all in one piece where the frame says how long it is, as it does where all
 * was packed at once. Node's own functions take new memory each time: some 8 MB beside the heap, which had V8 mark the
 * whole of it twice a second, for a tenth of all that a record cost, while everybody waited.
 *
 * @param bytesMax most bytes that anything may unpack to
 */
export function createUnpacker(bytesMax: number): Unpacker {
  const kept: Buffer[] = []
  /** Memory of ours that is with somebody: nobody else's may be written into. */
  const lent = new WeakSet<ArrayBufferLike>()

  /** The smallest that suffices. */
  function memoryOf(bytes: number): Buffer {
    const [fits] = kept
      .filter(({ length }) => length >= bytes)
      .sort((one, other) => one.length - other.length)
    if (fits !== undefined) kept.splice(kept.indexOf(fits), 1)
    const memory = fits ?? Buffer.allocUnsafeSlow(Math.ceil(bytes / ROUNDED_BYTES) * ROUNDED_BYTES)
    lent.add(memory.buffer)
    return memory
  }

  return {
    async unpack(packed) {
      const said = contentBytes(packed)
      if (said === undefined || said > bytesMax) {
        return await allOf(createZstdDecompress({ chunkSize: PIECE_BYTES }), packed, bytesMax)
      }
      const stream = createZstdDecompress({ chunkSize: PIECE_BYTES_MIN })
      // With room to spare: a piece that is full has another made behind it.
      writeInto(stream, memoryOf(said + 1))
      return await allOf(stream, packed, bytesMax)
    },
    giveBack({ buffer }) {
      if (!lent.delete(buffer) || buffer.byteLength > KEPT_BYTES_MAX) return
      kept.push(Buffer.from(buffer))
      if (kept.length > KEPT_MAX) kept.shift()
    },
  }
}

function writeInto(stream: ZstdDecompress, memory: Buffer): void {
  const output = stream as unknown as Output
  output._outBuffer = memory
  output._chunkSize = memory.length
}

async function allOf(stream: ZstdDecompress, packed: Buffer, bytesMax: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  let bytes = 0
  stream.on('data', (piece: Buffer) => {
    pieces.push(piece)
    bytes += piece.length
    if (bytes > bytesMax) stream.destroy(new UnpackedTooLarge())
  })
  stream.end(packed)
  await once(stream, 'end')
  const [only] = pieces
  return pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces, bytes)
}

/** The `Frame_Content_Size` of a Zstandard frame (RFC 8878 §3.1.1.1), where it has one. */
function contentBytes(frame: Buffer): number | undefined {
  const descriptor = frame[4] ?? 0
  const isSingleSegment = (descriptor & 0x20) !== 0
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] as number
  const at = 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes
  const size = descriptor >> 6
  if (at + 8 > frame.length || (size === 0 && !isSingleSegment)) return undefined
  if (size === 0) return frame.readUInt8(at)
  if (size === 1) return frame.readUInt16LE(at) + 256
  return size === 2 ? frame.readUInt32LE(at) : Number(frame.readBigUInt64LE(at))
}

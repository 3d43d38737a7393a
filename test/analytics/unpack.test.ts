import { buffer } from 'node:stream/consumers'
import { createZstdCompress, zstdCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { createUnpacker, UnpackedTooLarge } from '../../analytics/collect/unpack.ts'

const BYTES_MAX = 1_048_576

/** As an edge packs them: the frame says how long they are. */
function packedOf(lines: string): Buffer {
  return zstdCompressSync(Buffer.from(lines), { pledgedSrcSize: lines.length })
}

test('memory that was given back is used again, and by one at a time', async () => {
  const unpacker = createUnpacker(BYTES_MAX)
  const [long, short] = ['long '.repeat(20_000), 'short '.repeat(10_000)]

  const first = await unpacker.unpack(packedOf(long))
  const beside = await unpacker.unpack(packedOf(short))
  expect([first.toString(), beside.toString()]).toEqual([long, short])
  expect(beside.buffer).not.toBe(first.buffer)

  unpacker.giveBack(first)
  unpacker.giveBack(first)
  const [next, another] = await Promise.all([
    unpacker.unpack(packedOf(short)),
    unpacker.unpack(packedOf(short)),
  ])
  expect([next.toString(), another.toString()]).toEqual([short, short])
  expect(next.buffer).toBe(first.buffer)
  expect(another.buffer).not.toBe(first.buffer)
})

test('a frame that does not say how long it is is unpacked too, and its memory is left to Node', async () => {
  const unpacker = createUnpacker(BYTES_MAX)
  const packing = createZstdCompress()
  packing.write('li')
  packing.end('nes')
  const unsaid = await buffer(packing)

  const lines = await unpacker.unpack(unsaid)
  unpacker.giveBack(lines)
  const next = await unpacker.unpack(packedOf('more'))

  expect([lines.toString(), next.toString()]).toEqual(['lines', 'more'])
  expect(next.buffer).not.toBe(lines.buffer)
})

test('more than is allowed is refused, whether the frame says so or not', async () => {
  const unpacker = createUnpacker(1_000)
  const much = Buffer.alloc(2_000)

  for (const packed of [zstdCompressSync(much, { pledgedSrcSize: much.length }), zstdCompressSync(much)]) {
    await expect(unpacker.unpack(packed)).rejects.toBeInstanceOf(UnpackedTooLarge)
  }
  expect(await unpacker.unpack(packedOf('x'.repeat(1_000)))).toHaveLength(1_000)
})

test('what is cut off or no frame at all is an error, and the next one is unpacked all the same', async () => {
  const unpacker = createUnpacker(BYTES_MAX)
  const packed = packedOf('lines '.repeat(1_000))

  await expect(unpacker.unpack(packed.subarray(0, packed.length - 5))).rejects.toThrow()
  await expect(unpacker.unpack(Buffer.from('no frame'))).rejects.toThrow()
  expect((await unpacker.unpack(packed)).toString()).toBe('lines '.repeat(1_000))
})

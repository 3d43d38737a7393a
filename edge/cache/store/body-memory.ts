/** Free bytes in front of a large body, for the head that it is sent behind: one buffer, one write. */
export const HEAD_ROOM_BYTES = 2_048

/** From which length a body has such room. A smaller one is cheaply copied behind its head. Bytes. */
const ROOM_FROM_BYTES = 65_536

/** Bodies with room in front of them, and the memory that is both. */
const rooms = new WeakMap<Buffer, Buffer>()

/** Memory for a body that is going to be stored. Not from Node's pool: a small body would keep 64 KB of others'. */
export function bodyMemory(bytes: number): Buffer {
  if (bytes < ROOM_FROM_BYTES) return Buffer.allocUnsafeSlow(bytes)
  const memory = Buffer.allocUnsafeSlow(HEAD_ROOM_BYTES + bytes)
  const body = memory.subarray(HEAD_ROOM_BYTES)
  rooms.set(body, memory)
  return body
}

/** A stored body with the room in front of it, or `undefined` when it has none. */
export function withHeadRoom(body: Buffer): Buffer | undefined {
  return rooms.get(body)
}

/** Pieces one after the other, in memory of their own. */
export function joined(pieces: readonly Uint8Array[]): Buffer {
  const whole = bodyMemory(pieces.reduce((bytes, { byteLength }) => bytes + byteLength, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.byteLength
  }
  return whole
}

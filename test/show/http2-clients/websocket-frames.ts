import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'

/** One frame of a WebSocket, its payload unmasked (RFC 6455 §5.2). */
export interface WebSocketFrame {
  /** The first byte: FIN and opcode. */
  first: number
  payload: Buffer
}

const OPCODE_CLOSE = 8
const MASKED = 0x80

/** Cuts frames out of bytes as they come. @param said told of each */
export function onFrames(stream: Duplex, said: (frame: WebSocketFrame) => void): void {
  let held: Buffer = Buffer.alloc(0)
  stream.on('data', (chunk: Buffer) => {
    held = Buffer.concat([held, chunk])
    for (let found = frameIn(held); found !== undefined; found = frameIn(held)) {
      held = held.subarray(found.end)
      said(found)
    }
  })
}

/** A frame's bytes. @param isMasked a client's have to be */
export function frameBytes({ first, payload }: WebSocketFrame, isMasked: boolean): Buffer {
  const { byteLength } = payload
  const mark = isMasked ? MASKED : 0
  const head = Buffer.alloc(byteLength < 126 ? 2 : byteLength < 65_536 ? 4 : 10)
  head.writeUInt8(first, 0)
  if (byteLength < 126) head.writeUInt8(mark | byteLength, 1)
  else if (byteLength < 65_536) {
    head.writeUInt8(mark | 126, 1)
    head.writeUInt16BE(byteLength, 2)
  } else {
    head.writeUInt8(mark | 127, 1)
    head.writeBigUInt64BE(BigInt(byteLength), 2)
  }
  if (!isMasked) return Buffer.concat([head, payload])
  const mask = randomBytes(4)
  return Buffer.concat([head, mask, masked(payload, mask)])
}

/** Says again what is said, until the other side closes. */
export function echoFrames(socket: Duplex): void {
  socket.on('error', () => undefined) // who breaks off ends it
  socket.on('end', () => socket.end())
  onFrames(socket, (frame) => {
    socket.write(frameBytes(frame, false))
    if ((frame.first & 0xf) === OPCODE_CLOSE) socket.end()
  })
}

/** The frame that some bytes begin with, once it is whole. */
function frameIn(bytes: Buffer): (WebSocketFrame & { end: number }) | undefined {
  if (bytes.byteLength < 2) return undefined
  const isMasked = (bytes.readUInt8(1) & MASKED) !== 0
  const short = bytes.readUInt8(1) & 0x7f
  const lengthEnd = short === 126 ? 4 : short === 127 ? 10 : 2
  if (bytes.byteLength < lengthEnd) return undefined
  const length =
    short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short
  const from = lengthEnd + (isMasked ? 4 : 0)
  const end = from + length
  if (bytes.byteLength < end) return undefined
  const sent = bytes.subarray(from, end)
  const payload = isMasked ? masked(sent, bytes.subarray(lengthEnd, from)) : Buffer.from(sent)
  return { first: bytes.readUInt8(0), payload, end }
}

function masked(payload: Buffer, mask: Buffer): Buffer {
  return Buffer.from(payload.map((byte, at) => byte ^ (mask[at % 4] as number)))
}

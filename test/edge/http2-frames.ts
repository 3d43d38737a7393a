import { once } from 'node:events'
import { connect, type TLSSocket } from 'node:tls'
import { HOST } from './house.ts'

/** Frame types and flags of RFC 9113 §6. */
export const TYPE = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goaway: 7,
  window: 8,
  continuation: 9,
  /** RFC 9218 §7.1 */
  priorityUpdate: 0x10,
} as const
export const FLAG = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 0x20 } as const

/** Error codes (RFC 9113 §7). */
export const CODE = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  INTERNAL_ERROR: 2,
  FLOW_CONTROL_ERROR: 3,
  SETTINGS_TIMEOUT: 4,
  STREAM_CLOSED: 5,
  FRAME_SIZE_ERROR: 6,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  COMPRESSION_ERROR: 9,
  CONNECT_ERROR: 10,
  ENHANCE_YOUR_CALM: 11,
  INADEQUATE_SECURITY: 12,
  HTTP_1_1_REQUIRED: 13,
} as const
export type Code = keyof typeof CODE

/** Settings (RFC 9113 §6.5.2, RFC 8441 §3, RFC 9218 §2.1). */
export const SETTING = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
  enableConnectProtocol: 8,
  noRfc7540Priorities: 9,
} as const

/** One frame (RFC 9113 §4.1). */
export interface Frame {
  type: number
  flags: number
  stream: number
  payload: Buffer
}

const EMPTY = Buffer.alloc(0)

/** A frame's bytes. */
export function frame(type: number, flags: number, stream: number, payload: Buffer = EMPTY): Buffer {
  const bytes = Buffer.alloc(9 + payload.byteLength)
  bytes.writeUIntBE(payload.byteLength, 0, 3)
  bytes.writeUInt8(type, 3)
  bytes.writeUInt8(flags, 4)
  bytes.writeUInt32BE(stream, 5)
  payload.copy(bytes, 9)
  return bytes
}

/** A frame that says it is longer, or shorter, than what follows. */
export function frameOfLength(length: number, type: number, stream: number, payload: Buffer = EMPTY): Buffer {
  const bytes = frame(type, 0, stream, payload)
  bytes.writeUIntBE(length, 0, 3)
  return bytes
}

/** A payload with padding (RFC 9113 §6.1). @param said how much is said to follow, where that is not the truth */
export function padded(payload: Buffer, length: number, said = length): Buffer {
  return Buffer.concat([Buffer.from([said]), payload, Buffer.alloc(length)])
}

/** A payload of one number of 32 bits: an error code, a window's increment. */
export function number32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** One setting (RFC 9113 §6.5.1). */
export function setting(id: number, value: number): Buffer {
  const bytes = Buffer.alloc(6)
  bytes.writeUInt16BE(id)
  bytes.writeUInt32BE(value, 2)
  return bytes
}

/** A field section of literals that nobody indexes (RFC 7541 §6.2.2). @param fields name, value, … */
export function section(fields: readonly string[]): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at < fields.length; at += 2) {
    parts.push(literal(fields[at] as string, fields[at + 1] as string))
  }
  return Buffer.concat(parts)
}

/** A field by name and value. @param kind 0 as it is, 0x10 never indexed, 0x40 indexed from now on (RFC 7541 §6.2) */
export function literal(name: string, value: string, kind: 0 | 0x10 | 0x40 = 0): Buffer {
  return Buffer.concat([Buffer.from([kind]), text(name), text(value)])
}

/** A string as it is, after its length (RFC 7541 §5.2). */
export function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1')
  return Buffer.concat([integer(bytes.byteLength, 7), bytes])
}

/** An integer with a prefix of so many bits (RFC 7541 §5.1). @param first what stands in the byte's other bits */
export function integer(value: number, bits: number, first = 0): Buffer {
  const most = 2 ** bits - 1
  if (value < most) return Buffer.from([first + value])
  const bytes = [first + most]
  let rest = value - most
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
  return Buffer.from([...bytes, rest])
}

/** HEADERS with these fields, whole. */
export function headers(stream: number, fields: readonly string[], flags: number = FLAG.endStream): Buffer {
  return frame(TYPE.headers, FLAG.endHeaders | flags, stream, section(fields))
}

/** Digits in the static Huffman code (RFC 7541 appendix B). */
const HUFFMAN_DIGITS = [
  '00000',
  '00001',
  '00010',
  '011001',
  '011010',
  '011011',
  '011100',
  '011101',
  '011110',
  '011111',
]
const STATIC_STATUSES = [200, 204, 206, 304, 400, 404, 500]

/** The status with which a field section begins, `undefined` for trailers. Without the dynamic table, which we never use. */
export function statusIn(block: Buffer): number | undefined {
  let at = 0
  // Updates of the dynamic table's size.
  for (; ((block[at] ?? 0) & 0xe0) === 0x20; at += 1) {
    if (block[at] === 0x3f) for (at += 1; (block[at] ?? 0) >= 0x80; ) at += 1
  }
  const first = block[at] ?? 0
  if (first >= 0x88 && first <= 0x8e) return STATIC_STATUSES[first - 0x88]
  if (![0x08, 0x18, 0x48].includes(first)) return undefined
  const length = block[at + 1] ?? 0
  const value = block.subarray(at + 2, at + 2 + (length & 0x7f))
  if (length < 0x80) return Number(value.toString('latin1'))
  let bits = Array.from(value, (byte) => byte.toString(2).padStart(8, '0')).join('')
  let digits = ''
  while (digits.length < 3) {
    const digit = HUFFMAN_DIGITS.findIndex((code) => bits.startsWith(code))
    if (digit < 0) return undefined
    bits = bits.slice((HUFFMAN_DIGITS[digit] as string).length)
    digits += digit
  }
  return Number(digits)
}

/** HEADERS of a whole GET. */
export function get(stream: number, path: string, more: readonly string[] = []): Buffer {
  const fields = [':method', 'GET', ':scheme', 'https', ':authority', HOST, ':path', path, ...more]
  return frame(TYPE.headers, FLAG.endHeaders | FLAG.endStream, stream, section(fields))
}

/** A connection on which frames are written by hand. */
export interface RawHttp2 {
  socket: TLSSocket
  /** What has come so far. */
  frames: Frame[]
  send(...frames: readonly Buffer[]): void
  /** Sends, and waits until the other side has taken it, or has closed. */
  sent(bytes: Buffer): Promise<void>
  readonly closed: boolean
  /** The error code of GOAWAY, once one has come. */
  readonly goaway: number | undefined
}

/** What a connection begins with (RFC 9113 §3.4). */
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/**
 * Connects, with the preface and these settings, which are not acknowledged by us nor waited for.
 *
 * @param opening in place of both
 */
export async function rawHttp2(
  port: number,
  settings: Buffer = EMPTY,
  opening: Buffer = Buffer.concat([PREFACE, frame(TYPE.settings, 0, 0, settings)]),
): Promise<RawHttp2> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] })
  await once(socket, 'secureConnect')
  // Else what is sent in two writes waits 40 ms for the other side to say that the first has come.
  socket.setNoDelay(true)
  const frames: Frame[] = []
  let held: Buffer = EMPTY
  let closed = false
  socket.on('data', (bytes: Buffer) => {
    held = Buffer.concat([held, bytes])
    while (held.byteLength >= 9 && held.byteLength >= 9 + held.readUIntBE(0, 3)) {
      const end = 9 + held.readUIntBE(0, 3)
      const payload = Buffer.from(held.subarray(9, end))
      frames.push({
        type: held.readUInt8(3),
        flags: held.readUInt8(4),
        stream: held.readUInt32BE(5),
        payload,
      })
      held = held.subarray(end)
    }
  })
  socket.on('error', () => undefined)
  const ended = new Promise<void>((resolve) =>
    socket.on('close', () => {
      closed = true
      resolve()
    }),
  )
  if (opening.byteLength > 0) socket.write(opening)
  return {
    socket,
    frames,
    send: (...all) => void socket.write(Buffer.concat(all)),
    sent: (bytes) =>
      // A write that can't be done calls back before anything else happens, and so would whoever tries again.
      socket.writable
        ? Promise.race([ended, new Promise<void>((resolve) => void socket.write(bytes, () => resolve()))])
        : ended,
    get closed() {
      return closed
    },
    get goaway() {
      return frames.find(({ type }) => type === TYPE.goaway)?.payload.readUInt32BE(4)
    },
  }
}

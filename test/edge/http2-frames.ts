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
  ping: 6,
  goaway: 7,
  window: 8,
  continuation: 9,
} as const
export const FLAG = { endStream: 1, ack: 1, endHeaders: 4 } as const

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
    parts.push(Buffer.from([0]), text(fields[at] as string), text(fields[at + 1] as string))
  }
  return Buffer.concat(parts)
}

/** A string as it is, after its length as an integer with a prefix of 7 bits (RFC 7541 §5.1, §5.2). */
function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1')
  if (bytes.byteLength < 127) return Buffer.concat([Buffer.from([bytes.byteLength]), bytes])
  const length = [127]
  let rest = bytes.byteLength - 127
  for (; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest % 128) + 128)
  return Buffer.concat([Buffer.from([...length, rest]), bytes])
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

/** Connects, with the preface and these settings, which are not acknowledged by us nor waited for. */
export async function rawHttp2(port: number, settings: Buffer = EMPTY): Promise<RawHttp2> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] })
  await once(socket, 'secureConnect')
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
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
  socket.write(frame(TYPE.settings, 0, 0, settings))
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

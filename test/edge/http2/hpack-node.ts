import { once } from 'node:events'
import { type ClientHttp2Session, connect } from 'node:http2'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { HpackDecoder } from '../../../edge/listen/http2/hpack/decoder.ts'
import { encodedBlock } from '../../../edge/listen/http2/hpack/encode.ts'
import { FLAG, frame, setting, TYPE } from '../http2-frames.ts'
import { PSEUDO_STRINGS } from './random-fields.ts'

/** What came of the lists, in their order. */
export interface Told {
  /** What our decoder read of what node:http2 wrote. */
  read: string[][]
  /** What node:http2 read of what our encoder wrote: the same without pseudo-header fields. */
  written: string[][]
}

const PREFACE_BYTES = 24
const PADDED = 0x08
const PRIORITY = 0x20
/** Requests under way at a time. */
const AT_ONCE = 50

/**
 * Has node:http2 send each list as a request to a server that knows no more than HPACK, and answers with its fields.
 *
 * @param tableBytes what we announce
 * @param itsTableBytes the most that node:http2 uses of that
 */
export async function throughNode(
  lists: readonly string[][],
  { tableBytes, itsTableBytes }: { tableBytes: number; itsTableBytes: number },
): Promise<Told> {
  const read: string[][] = []
  const server = createServer((socket) => answerAll(socket, tableBytes, read))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {
    maxDeflateDynamicTableSize: itsTableBytes,
    maxHeaderListPairs: 1_000,
    // The types know it of servers only.
    ...{ strictSingleValueFields: false },
  })
  // The announced size must hold for all but what was on its way.
  await once(session, 'remoteSettings')
  const written: string[][] = []
  for (let at = 0; at < lists.length; at += AT_ONCE) {
    const some = lists.slice(at, at + AT_ONCE)
    written.push(...(await Promise.all(some.map((list) => askNode(session, list)))))
  }
  session.close()
  server.close()
  await once(server, 'close')
  return { read, written }
}

async function askNode(session: ClientHttp2Session, list: readonly string[]): Promise<string[]> {
  const stream = session.request([...list] as never, { endStream: true })
  const [, , raw] = (await once(stream, 'response')) as [unknown, number, string[]]
  stream.resume()
  return raw.slice(2)
}

function answerAll(socket: Socket, tableBytes: number, read: string[][]): void {
  const decoder = new HpackDecoder(tableBytes, 1_000_000, 1_000)
  let held: Buffer = Buffer.alloc(0)
  let toSkip = PREFACE_BYTES
  let block: Buffer[] = []
  socket.write(frame(TYPE.settings, 0, 0, Buffer.concat([setting(1, tableBytes), setting(3, 1_000)])))
  socket.on('error', () => undefined)
  socket.on('data', (bytes: Buffer) => {
    held = Buffer.concat([held, bytes])
    held = held.subarray(toSkip)
    toSkip = 0
    while (held.length >= 9 && held.length >= 9 + held.readUIntBE(0, 3)) {
      const payload = held.subarray(9, 9 + held.readUIntBE(0, 3))
      const [type, flags, stream] = [held.readUInt8(3), held.readUInt8(4), held.readUInt32BE(5)]
      held = held.subarray(9 + payload.length)
      if (type === TYPE.settings && (flags & FLAG.ack) === 0) socket.write(frame(TYPE.settings, FLAG.ack, 0))
      if (type !== TYPE.headers && type !== TYPE.continuation) continue
      block.push(type === TYPE.headers ? fragment(payload, flags) : payload)
      if ((flags & FLAG.endHeaders) === 0) continue
      const { fields } = decoder.decode(Buffer.concat(block))
      block = []
      read.push(fields)
      socket.write(answerOn(stream, fields))
    }
  })
}

function answerOn(stream: number, fields: readonly string[]): Buffer {
  const block = encodedBlock([':status', '200', ...fields.slice(PSEUDO_STRINGS)])
  const frames: Buffer[] = []
  for (let at = 0; at < block.length; at += 16_384) {
    const end = at + 16_384 >= block.length ? FLAG.endHeaders : 0
    const [type, flags] = at === 0 ? [TYPE.headers, FLAG.endStream | end] : [TYPE.continuation, end]
    frames.push(frame(type, flags, stream, block.subarray(at, at + 16_384)))
  }
  return Buffer.concat(frames)
}

/** A HEADERS frame's part of a block (RFC 9113 §6.2). */
function fragment(payload: Buffer, flags: number): Buffer {
  const padding = (flags & PADDED) === 0 ? 0 : payload.readUInt8(0)
  const from = ((flags & PADDED) === 0 ? 0 : 1) + ((flags & PRIORITY) === 0 ? 0 : 5)
  return payload.subarray(from, payload.length - padding)
}

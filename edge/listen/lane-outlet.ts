import { Readable } from 'node:stream'
import type { Answer } from '../cache/answer.ts'
import { ViewerGone } from '../cache/fetch/flight.ts'
import { type Fields, firstValue, joinedValue, listMembers } from '../cache/fields.ts'
import { discardBody } from '../cache/message.ts'
import type { InterimOutlet } from '../distribution/interim.ts'
import type { Transfer } from '../viewer.ts'
import { type Outlet, pour } from './answering.ts'
import { type Outgoing, writeBytes } from './outgoing.ts'
import { OutgoingBody } from './outgoing-body.ts'
import { CLOSES, fieldLines, hasBody, statusLine, withLength } from './response-head.ts'
import type { RequestHead } from './small-upload.ts'

/** Where the express lane writes what isn't in memory: straight to the viewer's socket. */
export interface LaneOutlet extends Outlet, InterimOutlet {
  /** The socket takes more. */
  drained(): void
  /** The viewer has left. */
  left(): void
}

/** What is answered, and who is told when that is done. */
export interface Asked {
  head: Pick<RequestHead, 'method' | 'bytes'>
  /** Since when the answer is waited for, by `performance.now()`. */
  startedMs: number
  /** Whether the connection is to end with this response; asked when it begins. */
  closes(): boolean
  /** The last of the response has been given to the socket. @param closes whether the connection ends with it */
  said(closes: boolean): void
}

/** Up to this length a body is copied behind its head: cheaper than a second buffer. Bytes. */
const COPIED_BYTES_MAX = 8_192

/** Makes the outlet for one response, which says it as node:http would (`http1.ts`). */
export function laneOutlet(out: Outgoing, asked: Asked): LaneOutlet {
  const { socket } = out
  const { head, startedMs } = asked
  const { method } = head
  const { promise: closed, resolve } = Promise.withResolvers<Transfer>()
  let status = 0
  let firstByteMs: number | undefined
  let bytes = 0
  let outgoing: OutgoingBody | undefined

  const sinceStartUs = (ms: number) => Math.round((ms - startedMs) * 1000)

  /** Tells what went over the wire, whole or not. */
  function settle(): void {
    const endedMs = performance.now()
    resolve({
      status,
      bytesSent: bytes + (outgoing?.sent ?? 0),
      bytesReceived: head.bytes,
      timeToFirstByteUs: sinceStartUs(firstByteMs ?? endedMs),
      timeTakenUs: sinceStartUs(endedMs),
    })
  }

  async function write(answer: Answer): Promise<void> {
    const body = hasBody(method, answer.status) ? answer.body : undefined
    if (body === undefined || !socket.writable) discardBody(answer)
    if (!socket.writable) return
    const fields = withLength(method, answer)
    const closes = asked.closes() || listMembers(joinedValue(fields, 'connection')).includes('close')
    const length = firstValue(fields, 'content-length')
    const isChunked = body instanceof Readable && length === undefined
    const text = headText(answer.status, fields, { closes, isChunked })
    status = answer.status
    firstByteMs = performance.now()
    bytes += text.length
    if (body instanceof Readable) {
      socket.write(text, 'latin1')
      outgoing = new OutgoingBody(socket, isChunked ? undefined : Number(length))
      await pour(body, outgoing)
      settle()
    } else {
      bytes += body?.byteLength ?? 0
      writeWhole(out, text, body, settle)
    }
    asked.said(closes)
  }

  return {
    closed,
    write,
    fail(page) {
      if (status !== 0) socket.destroy()
      else write(page).catch(() => socket.destroy())
    },
    drained: () => outgoing?.drained(),
    left() {
      outgoing?.destroy(new ViewerGone())
      settle()
    },
    get headersSent() {
      return status !== 0
    },
    get destroyed() {
      return !socket.writable
    },
    writeInformation(interim, fields) {
      const text = `${statusLine(interim)}${fieldLines(fields)}\r\n`
      bytes += text.length
      socket.write(text, 'latin1')
    },
  }
}

function headText(
  status: number,
  fields: Fields,
  { closes, isChunked }: { closes: boolean; isChunked: boolean },
): string {
  const date = firstValue(fields, 'date') === undefined ? `Date: ${new Date().toUTCString()}\r\n` : ''
  const connection = closes && firstValue(fields, 'connection') === undefined ? CLOSES : ''
  const coding = isChunked ? 'Transfer-Encoding: chunked\r\n' : ''
  return `${statusLine(status)}${fieldLines(fields)}${date}${connection}${coding}\r\n`
}

/** Writes a response that is here whole. @param done called once the kernel has taken it */
function writeWhole(out: Outgoing, head: string, body: Buffer | undefined, done: () => void): void {
  const { socket } = out
  if (body === undefined) {
    socket.write(head, 'latin1', done)
  } else if (body.byteLength <= COPIED_BYTES_MAX) {
    const all = Buffer.allocUnsafe(head.length + body.byteLength)
    all.write(head, 'latin1')
    body.copy(all, head.length)
    writeBytes(out, all, done)
  } else {
    socket.cork()
    socket.write(head, 'latin1')
    socket.write(body, done)
    socket.uncork()
  }
}

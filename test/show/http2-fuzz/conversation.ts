import { once } from 'node:events'
import { connect, type TLSSocket } from 'node:tls'
import { FLAG, frame, TYPE } from '../../edge/http2-frames.ts'

/** How a connection went on after all was said. */
export type Ending =
  /** It lives, and has answered our PING. */
  | 'alive'
  /** It was ended with GOAWAY. */
  | 'goaway'
  /** It was closed without a word. */
  | 'closed'
  /** Nothing came: the last frame has swallowed the PING, or waits for more. It closed when we did. */
  | 'waiting'
  /** It was not closed when all was over. */
  | 'hung'

/** What came of a connection. */
export interface Outcome {
  ending: Ending
  /** GOAWAY's, if there was one. */
  code: number | undefined
}

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
const PROBE = frame(TYPE.ping, 0, 0, Buffer.from('are-you?'))
const PROBE_ANSWER = frame(TYPE.ping, FLAG.ack, 0, Buffer.from('are-you?'))
const QUIET_MS = 400
const CLOSE_MS_MAX = 20_000

/** Says all that in pieces, and waits for what comes of it. @param pieces where to cut, each from 0 to 1 */
export async function converse(
  port: number,
  frames: readonly Buffer[],
  { settings, cuts, session }: { settings: Buffer; cuts: readonly number[]; session: { ticket?: Buffer } },
): Promise<Outcome> {
  const socket = connect({
    port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    ALPNProtocols: ['h2'],
    ...(session.ticket && { session: session.ticket }),
  })
  socket.on('error', () => undefined)
  socket.on('session', (ticket: Buffer) => {
    session.ticket = ticket
  })
  const heard = listenTo(socket)
  await Promise.race([once(socket, 'secureConnect'), heard.closed])
  const bytes = Buffer.concat([PREFACE, settings, ...frames])
  let from = 0
  for (const cut of [...cuts].sort()) {
    const to = Math.floor(cut * bytes.length)
    socket.write(bytes.subarray(from, to))
    from = to
    await new Promise(setImmediate)
  }
  socket.write(Buffer.concat([bytes.subarray(from), PROBE]))
  await Promise.race([heard.spoke, heard.closed, after(QUIET_MS)])
  const before = heard.ending()
  socket.end()
  const isClosed = await Promise.race([heard.closed.then(() => true), after(CLOSE_MS_MAX).then(() => false)])
  socket.destroy()
  return { ending: isClosed ? before : 'hung', code: heard.code() }
}

function listenTo(socket: TLSSocket) {
  const spoke = Promise.withResolvers<void>()
  const closed = Promise.withResolvers<void>()
  let held: Buffer = Buffer.alloc(0)
  let code: number | undefined
  let isAlive = false
  let isClosed = false
  socket.on('data', (bytes: Buffer) => {
    held = held.length === 0 ? bytes : Buffer.concat([held, bytes])
    while (held.length >= 9 && held.length >= 9 + held.readUIntBE(0, 3)) {
      const one = held.subarray(0, 9 + held.readUIntBE(0, 3))
      held = held.subarray(one.length)
      if (one[3] === TYPE.goaway) code = one.readUInt32BE(13)
      if (one.equals(PROBE_ANSWER)) isAlive = true
      if (code !== undefined || isAlive) spoke.resolve()
    }
  })
  socket.once('close', () => {
    isClosed = true
    closed.resolve()
  })
  return {
    spoke: spoke.promise,
    closed: closed.promise,
    code: () => code,
    ending(): Ending {
      if (code !== undefined) return 'goaway'
      if (isClosed) return 'closed'
      return isAlive ? 'alive' : 'waiting'
    },
  }
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}

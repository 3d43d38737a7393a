import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { claim, type Listening } from '../../program/admin.ts'
import type { AnswerDns } from './answer.ts'

/** Longest question that is read, bytes: a name, a type and some options are a few hundred. */
const QUESTION_BYTES_MAX = 4_096
/** Answers that a client may leave unread before no more questions of it are, bytes. */
const UNREAD_BYTES_MAX = 65_536
/** Questions that one connection may ask (RFC 7766 §6.2.3 leaves it to us). */
const QUESTIONS_MAX = 10_000
/** How long one question may take to come, idle times: who sends a byte a second is cut off too. */
const SLOWEST_IDLES = 2

/** Bounds on what clients may hold of us. */
export interface TcpLimits {
  connectionsMax: number
  idleMs: number
}

/**
 * Answers questions over TCP (RFC 7766): as many as come on a connection, in their order. When there are too many
 * connections the one that was quiet longest makes room.
 *
 * @throws PortInUse
 */
export async function serveTcp(
  at: { host: string; port: number },
  answer: AnswerDns,
  { connectionsMax, idleMs }: TcpLimits,
): Promise<Listening> {
  /** The one that has been quiet longest is first. */
  const open = new Set<Socket>()
  const server = createServer({ noDelay: true }, (socket) => {
    open.add(socket)
    const [quietest] = open
    if (open.size > connectionsMax) quietest?.destroy()
    socket.once('close', () => open.delete(socket))
    serveConnection(socket, answer, idleMs, () => {
      open.delete(socket)
      open.add(socket)
    })
  })
  const port = await claim(server, at, 'DNS over TCP', '--dns-port')
  return {
    port,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of open) socket.destroy()
      await closed
    },
  }
}

/** @param active told whenever a question was answered */
function serveConnection(socket: Socket, answer: AnswerDns, idleMs: number, active: () => void): void {
  const address = socket.remoteAddress ?? ''
  let pending: Buffer = Buffer.alloc(0)
  let asked = 0
  const tooSlow = () => socket.destroy()
  let deadline = setTimeout(tooSlow, idleMs * SLOWEST_IDLES)
  socket.setTimeout(idleMs, tooSlow)
  socket.once('close', () => clearTimeout(deadline))
  // A client that goes away is no trouble of ours.
  socket.on('error', () => undefined)
  socket.on('drain', goOn)
  socket.on('data', (chunk: Buffer) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    goOn()
  })
  socket.once('end', () => socket.end())

  function goOn(): void {
    const { taken, isBroken } = answerAll(pending)
    pending = taken === pending.length ? Buffer.alloc(0) : Buffer.from(pending.subarray(taken))
    if (isBroken) socket.destroy()
    else if (isUnread()) socket.pause()
    else socket.resume()
  }

  function isUnread(): boolean {
    return socket.writableLength > UNREAD_BYTES_MAX
  }

  /** Answers each question that is whole, as long as the client reads. */
  function answerAll(bytes: Buffer): { taken: number; isBroken: boolean } {
    let taken = 0
    while (taken + 2 <= bytes.length && !isUnread()) {
      const length = bytes.readUInt16BE(taken)
      if (length > QUESTION_BYTES_MAX || asked >= QUESTIONS_MAX) return { taken, isBroken: true }
      if (taken + 2 + length > bytes.length) break
      const reply = answer(bytes.subarray(taken + 2, taken + 2 + length), {
        address,
        over: 'tcp',
        nowMs: Date.now(),
      })
      // Who doesn't speak DNS gets no second chance.
      if (reply === undefined) return { taken, isBroken: true }
      write(reply)
      taken += 2 + length
      asked += 1
    }
    return { taken, isBroken: false }
  }

  function write(reply: Buffer): void {
    const framed = Buffer.allocUnsafe(2 + reply.length)
    framed.writeUInt16BE(reply.length, 0)
    reply.copy(framed, 2)
    socket.write(framed)
    active()
    clearTimeout(deadline)
    deadline = setTimeout(tooSlow, idleMs * SLOWEST_IDLES)
  }
}

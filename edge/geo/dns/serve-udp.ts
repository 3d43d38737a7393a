import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import type { Listening } from '../../program/admin.ts'
import { PortInUse } from '../../program/errors.ts'
import type { AnswerDns } from './answer.ts'

/** What the kernel keeps for us of questions that come at once, bytes. */
const RECEIVE_BYTES = 4 * 1_048_576

/** Answers questions over UDP. @throws PortInUse */
export async function serveUdp(at: { host: string; port: number }, answer: AnswerDns): Promise<Listening> {
  const socket = createSocket({ type: isIPv6(at.host) ? 'udp6' : 'udp4', recvBufferSize: RECEIVE_BYTES })
  socket.on('message', (message, { address, port }) => {
    const reply = answer(message, { address, over: 'udp', nowMs: Date.now() })
    // Port 0 can't be sent to: only who forges its address has it.
    if (reply !== undefined && port !== 0) socket.send(reply, port, address, ignored)
  })
  await bound(socket, at)
  // One client that is gone ("connection refused") is no trouble of ours.
  socket.on('error', ignored)
  return {
    port: socket.address().port,
    async [Symbol.asyncDispose]() {
      const closed = once(socket, 'close')
      socket.close()
      await closed
    },
  }
}

async function bound(socket: Socket, { host, port }: { host: string; port: number }): Promise<void> {
  try {
    socket.bind(port, host)
    await once(socket, 'listening')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw new PortInUse(port, host, 'DNS over UDP', '--dns-port')
  }
}

/** Nobody waits for an answer over UDP to arrive: who misses it asks again. */
function ignored(): void {}

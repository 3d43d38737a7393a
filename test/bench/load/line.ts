import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { HOST, type Ports } from '../contenders/contender.ts'
import { type Answered, onAnswer } from './answers.ts'

/** A viewer's connection, on which it asks one thing at a time. Disposing breaks it off. */
export interface Line extends Disposable {
  readonly isOpen: boolean
  /** @throws when the connection ends before the whole answer has come, or nothing comes for 30 s */
  ask(head: string): Promise<Answered>
  /** Asks, and waits for the first bytes only. @throws as `ask` does */
  firstBytes(head: string): Promise<void>
}

const SILENCE_MS_MAX = 30_000

export function openLine(ports: Ports, scheme: 'http' | 'https'): Line {
  const socket =
    scheme === 'http'
      ? connect({ host: '127.0.0.1', port: ports.http })
      : connectTls({ host: '127.0.0.1', port: ports.https, servername: HOST, rejectUnauthorized: false })
  let waiting = Promise.withResolvers<Answered>()
  socket.on('timeout', () => socket.destroy(new Error('nothing came for 30 s')))
  socket.on('error', (error) => waiting.reject(error))
  socket.on('close', () => waiting.reject(new Error('the connection was closed before the answer was whole')))
  onAnswer(socket, (answered) => {
    socket.setTimeout(0)
    waiting.resolve(answered)
  })

  const send = (head: string) => {
    waiting = Promise.withResolvers<Answered>()
    if (socket.destroyed) waiting.reject(new Error('the connection was closed before it was asked'))
    socket.setTimeout(SILENCE_MS_MAX)
    socket.write(head)
    return waiting.promise
  }
  // Nobody waits for what comes of an idle connection, or of one that is broken off.
  waiting.promise.catch(() => undefined)
  return {
    get isOpen() {
      return !socket.destroyed && socket.readable
    },
    ask: send,
    async firstBytes(head) {
      const whole = send(head)
      // All that is wanted is its beginning.
      whole.catch(() => undefined)
      const first = new Promise<void>((resolve) => socket.once('data', () => resolve()))
      await Promise.race([first, whole])
    },
    [Symbol.dispose]: () => void socket.destroy(),
  }
}

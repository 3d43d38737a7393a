import { once } from 'node:events'
import { connect } from 'node:http2'
import { HOST, type Ports } from '../contenders/contender.ts'

/** A viewer's connection over HTTP/2. Disposing breaks it off. */
export interface Session extends Disposable {
  readonly isOpen: boolean
  /** Asks, and reads the whole answer. @throws when the connection ends before */
  statusOf(path: string): Promise<number>
}

/** Opens a connection over HTTP/2, by node:http2's client. */
export function openSession(ports: Ports): Session {
  const session = connect(`https://127.0.0.1:${ports.https}`, {
    rejectUnauthorized: false,
    servername: HOST,
  })
  // Whoever waits for an answer learns of it; nobody waits for what comes of an idle connection.
  session.on('error', () => undefined)
  return {
    get isOpen() {
      return !session.destroyed && !session.closed
    },
    async statusOf(path) {
      const stream = session.request({ ':path': path, ':authority': HOST })
      stream.resume()
      const ended = once(stream, 'end')
      const [[head]] = await Promise.all([once(stream, 'response'), ended])
      return Number(head[':status'])
    },
    [Symbol.dispose]: () => session.destroy(),
  }
}

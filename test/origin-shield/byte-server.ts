import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

/** A server that speaks bytes, so that it can say what no HTTP library would. */
export interface ByteServer extends AsyncDisposable {
  url: string
  /** Everything that came after a request's head was whole, in order. */
  readonly heads: string[]
  /** How many connections were made. */
  connections(): number
  /** How many of them are open. */
  open(): number
}

/** Starts a server that is asked to `answer` each time the head of a request has come. */
export async function startByteServer(
  answer: (socket: Socket, nth: { request: number; connection: number }) => void,
): Promise<ByteServer> {
  const sockets = new Set<Socket>()
  const heads: string[] = []
  let connections = 0
  const server = createServer((socket) => {
    connections += 1
    const connection = connections
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket)).on('error', () => undefined)
    let head = ''
    socket.on('data', (chunk) => {
      head += chunk.toString('latin1')
      if (!head.includes('\r\n\r\n')) return
      heads.push(head)
      head = ''
      answer(socket, { request: heads.length, connection })
    })
  }).listen({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heads,
    connections: () => connections,
    open: () => sockets.size,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

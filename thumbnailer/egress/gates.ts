import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

/** Where one render's traffic comes in, and nobody else's: so it is known whose it is. */
export interface Gate extends Disposable {
  /** As the browser is told it, e.g. `http://127.0.0.1:40123`. */
  proxy: string
}

/** Opens gates that the browser can reach. */
export interface Gates extends AsyncDisposable {
  open(onConnection: (socket: Socket) => void): Promise<Gate>
}

/** Gates that are ports of loopback, a new one each time. */
export function portGates(): Gates {
  return {
    async open(onConnection) {
      const server = createServer(onConnection)
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo
      return { proxy: `http://127.0.0.1:${port}`, [Symbol.dispose]: () => server.close() }
    },
    async [Symbol.asyncDispose]() {},
  }
}

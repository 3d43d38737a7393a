import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** Stands between two programs, and breaks their connections when told to. */
export interface CuttingProxy extends AsyncDisposable {
  url: string
  /** Breaks every connection after so many more bytes, whichever way they go; the next one where there is none. */
  cut(afterBytes: number): void
  /** How many connections it has broken. */
  readonly broken: number
}

/** Starts one in front of a port of this machine. */
export async function cuttingProxy(port: number): Promise<CuttingProxy> {
  /** Bytes that may still pass on each open connection. */
  const left = new Map<Socket, number>()
  let ofNext = Number.POSITIVE_INFINITY
  let broken = 0

  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    left.set(near, ofNext)
    ofNext = Number.POSITIVE_INFINITY
    const end = () => {
      left.delete(near)
      near.destroy()
      far.destroy()
    }
    const pass = (to: Socket) => (bytes: Buffer) => {
      const may = left.get(near) ?? 0
      to.write(bytes.subarray(0, may))
      left.set(near, may - bytes.byteLength)
      if (bytes.byteLength < may) return
      broken += 1
      end()
    }
    near.on('data', pass(far))
    far.on('data', pass(near))
    for (const socket of [near, far]) socket.on('error', end).on('close', end)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut(afterBytes) {
      if (left.size === 0) ofNext = afterBytes
      for (const [near, may] of left) left.set(near, Math.min(may, afterBytes))
    },
    get broken() {
      return broken
    },
    async [Symbol.asyncDispose]() {
      for (const near of left.keys()) near.destroy()
      server.close()
    },
  }
}

import { once } from 'node:events'
import { get, type IncomingHttpHeaders } from 'node:http'
import { HOST, type House } from './house.ts'

/** A viewer whose answer can be looked at while it comes in. */
export interface Watching {
  /** Resolves with the head; rejects when there is none. */
  head: Promise<{ status: number; headers: IncomingHttpHeaders }>
  /** What of the body has come so far. */
  readonly received: string
  /** The body once it has ended; rejects when it was cut off. */
  body: Promise<string>
  /** Stops reading, without leaving. */
  stopReading(): void
  leave(): void
}

/** Asks for a path, on a connection of its own. */
export function watch(house: House, path: string, headers: Record<string, string> = {}): Watching {
  const asked = get({
    host: '127.0.0.1',
    port: house.port,
    path,
    headers: { host: HOST, ...headers },
    agent: false,
  })
  const coming = once(asked, 'response').then(([response]) => response)
  let received = ''
  let isReading = true
  const body = coming.then(async (response) => {
    if (!isReading) response.pause()
    else
      response.on('data', (chunk: Buffer) => {
        received += chunk.toString('latin1')
      })
    await once(response, 'end')
    return received
  })
  const head = coming.then(({ statusCode, headers }) => ({ status: statusCode, headers }))
  // Not every test looks at both.
  for (const promise of [head, body]) promise.catch(() => undefined)
  return {
    head,
    get received() {
      return received
    },
    body,
    stopReading() {
      isReading = false
    },
    leave: () => void asked.destroy(),
  }
}

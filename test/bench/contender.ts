import { request } from 'undici'
import { untilAnswered } from './processes.ts'

/** Name that every contender answers to. */
export const HOST = 'bench.localhost'

/** A caching server that is measured. Disposing ends it. */
export interface Contender extends AsyncDisposable {
  name: string
  version: string
  port: number
  /** The processes that were started; their children count with them. */
  pids: readonly number[]
}

/** What a contender is started with. */
export interface Stand {
  originPort: number
  /** A folder of its own, for configuration and access log. */
  folder: string
  /** The core it is kept to. */
  core: number
}

/** Asks a contender, once it answers at all, and gives the body. @throws after 20 s */
export function bodyFrom(port: number, path: string): Promise<Buffer> {
  return untilAnswered(async () => {
    const { statusCode, body } = await request(`http://127.0.0.1:${port}${path}`, { headers: { host: HOST } })
    const bytes = Buffer.from(await body.arrayBuffer())
    if (statusCode !== 200) throw new Error(`port ${port} answered ${path} with ${statusCode}: ${bytes}`)
    return bytes
  })
}

import type { Http2Use } from '../../../edge/listen/settings.ts'
import type { Ask } from '../scenarios.ts'

/** Name that every contender answers to. */
export const HOST = 'bench.localhost'

/** What each contender may keep of responses, in memory. */
export const CACHE_MEGABYTES = 64

/** A caching server that is measured. Disposing ends it. */
export interface Contender extends AsyncDisposable {
  id: string
  name: string
  version: string
  ports: Ports
  /** The processes that were started; their children count with them. */
  pids: readonly number[]
}

/** Where it listens. */
export interface Ports {
  http: number
  /** HTTP/1.1 and, where it can, HTTP/2. */
  https: number
}

/** What a contender is started with. */
export interface Stand {
  /** What it will be asked. */
  asks: Ask
  originPort: number
  /** A folder of its own, for configuration and access log. */
  folder: string
  /** The core it is kept to. */
  core: number
  /** A folder for a CPU profile of ours. */
  profile?: string | undefined
  /** What speaks HTTP/2 in ours. */
  http2?: Http2Use | undefined
}

/** A contender that can be asked for. */
export interface Candidate {
  id: string
  /** @throws ToolMissing where it isn't installed */
  start(stand: Stand): Promise<Contender>
  /** That alone it is compared by; all unless said. */
  onlyOver?: Ask['over']
  /** Scenarios that it can't take part in, and why. */
  lacks?: Readonly<Record<string, string>>
}

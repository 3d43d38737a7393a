import { once } from 'node:events'
import { type ClientHttp2Session, connect } from 'node:http2'
import { setTimeout as pause } from 'node:timers/promises'
import { HOST } from '../deployment.ts'
import type { Seen } from '../viewer.ts'

/** Viewers who ask at a steady pace over HTTP/2 and never try anything twice. */
export interface GoodViewing {
  port: number
  /** Address they come from. */
  from: string
  everyMs: number
  /** The path of a viewer's next request. */
  target(): string
  /** Ends them. */
  until: AbortSignal
}

/** How long anything may take until it counts as failed, ms. */
const ANSWER_MS_MAX = 10_000

/** Starts some, each with a connection of its own. Resolves with what they saw once `until` is aborted. */
export async function viewOverHttp2(viewers: number, viewing: GoodViewing): Promise<Seen> {
  const seen: Seen = { tookMs: [], failures: [] }
  const one = async (at: number) => {
    // Not all at the same moment.
    await pause((viewing.everyMs * at) / viewers)
    await viewSteadily(viewing, seen)
  }
  await Promise.all(Array.from({ length: viewers }, (_, at) => one(at)))
  return seen
}

async function viewSteadily(viewing: GoodViewing, seen: Seen): Promise<void> {
  let session: ClientHttp2Session | undefined
  let nextMs = performance.now()
  while (!viewing.until.aborted) {
    const startedMs = performance.now()
    try {
      // One that was ended while nothing was asked fails nobody.
      if (session === undefined || session.closed || session.destroyed) session = open(viewing)
      await ask(session, viewing.target())
      seen.tookMs.push(performance.now() - startedMs)
    } catch (error) {
      seen.failures.push((error as NodeJS.ErrnoException).code ?? (error as Error).message)
      session?.destroy()
    }
    nextMs += viewing.everyMs
    await pause(Math.max(0, nextMs - performance.now()))
  }
  session?.destroy()
}

function open({ port, from }: GoodViewing): ClientHttp2Session {
  const at = { rejectUnauthorized: false, servername: HOST, localAddress: from }
  const session = connect(`https://127.0.0.1:${port}`, at as object)
  // The request that is under way learns of it.
  session.on('error', () => undefined)
  return session
}

/** @throws when it isn't answered whole with 200, or not in time */
async function ask(session: ClientHttp2Session, path: string): Promise<void> {
  const signal = AbortSignal.timeout(ANSWER_MS_MAX)
  const stream = session.request({ ':path': path, ':authority': HOST }, { signal })
  const closed = once(stream, 'close', { signal })
  closed.catch(() => undefined)
  const [head] = await once(stream, 'response', { signal })
  stream.resume()
  await closed
  if (head[':status'] !== 200) throw new Error(`status ${head[':status']}`)
  if (stream.rstCode !== 0) throw new Error(`reset ${stream.rstCode}`)
}

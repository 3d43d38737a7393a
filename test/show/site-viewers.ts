import { setTimeout as pause } from 'node:timers/promises'
import { Agent, request } from 'undici'

/** Viewers at a time. */
const AT_ONCE = 24
/** Characters of a request id that its worker alone has. */
const WORKER_CHARACTERS = 12

/** A response that was read to its end. */
export interface Finished {
  id: string
  /** Who gave it: the part of the request id that is a worker's own. */
  worker: string
  /** Unix ms. */
  atMs: number
}

/** What viewers have seen. */
export interface Viewed {
  finished: Finished[]
  /** When each worker was last heard of, Unix ms. */
  lastMs: Map<string, number>
  failed: number
}

/**
 * Asks five sites for a page, so often that so many responses are read to their end.
 *
 * @param mayGoOn told which part of all is done, 0 to 1: whether more may be asked for now
 */
export function viewSites(
  port: number,
  responses: number,
  mayGoOn: (done: number) => boolean,
): { all: Promise<Viewed>; progress(): number } {
  const viewed: Viewed = { finished: [], lastMs: new Map(), failed: 0 }
  const client = new Agent({ connections: AT_ONCE })
  let asked = 0
  const progress = () => viewed.finished.length / responses

  async function viewer(): Promise<void> {
    while (viewed.finished.length < responses) {
      if (!mayGoOn(progress())) {
        await pause(20)
        continue
      }
      asked += 1
      const got = await view(client, port, asked).catch(() => undefined)
      if (got !== undefined) {
        viewed.finished.push(got)
        viewed.lastMs.set(got.worker, got.atMs)
      } else {
        viewed.failed += 1
        await pause(20)
      }
    }
  }

  const viewers = Promise.all(Array.from({ length: AT_ONCE }, viewer))
  return {
    all: viewers.then(() => client.destroy()).then(() => viewed),
    progress,
  }
}

async function view(client: Agent, port: number, at: number): Promise<Finished> {
  const { statusCode, headers, body } = await request(`http://127.0.0.1:${port}/page.html?${at % 50}`, {
    headers: {
      host: `www.site-${at % 5}.example`,
      'user-agent': `Mozilla/5.0 (X11; Linux x86_64; rv:${100 + (at % 40)}.0) Gecko/20100101 Firefox/140.0`,
    },
    dispatcher: client,
  })
  await body.dump()
  if (statusCode !== 200) throw new Error(`status ${statusCode}`)
  const id = String(headers['x-selvedge-request-id'])
  return { id, worker: id.slice(0, WORKER_CHARACTERS), atMs: Date.now() }
}

import { Agent, request } from 'undici'
import { askNode } from '../../edge/invalidation/ask-node.ts'

/** Connections that go on asking while something is invalidated: enough for every worker to have several. */
const VIEWERS = 32

/** How long they go on after the answer, ms: whoever had not applied it would show. */
const WATCHED_AFTER_MS = 300

/** What is invalidated, and where that is watched. */
export interface Timed {
  /** Admin port of the node that is asked. */
  admin: string
  key: string
  distribution: string
  /** A path, wildcard or `#tag`. */
  item: string
  /** Where viewers ask. */
  httpPort: number
  host: string
  /** Paths of cached objects that `item` names. */
  paths: readonly string[]
  /** Changes what the origin answers, so that old and new bodies can be told apart. */
  change(): void
}

/** Times from the moment at which the invalidation was asked for, ms. */
export interface InvalidationTimes {
  /** Until it was answered: recorded, and applied by every worker of every node. */
  answeredMs: number
  /** When the last request was sent that still got an old body; negative: before it was asked for. */
  lastOldMs: number
  /** Responses with an old body to requests sent after the answer: none, or it is broken. */
  oldAfterAnswer: number
  /** Requests that watched. */
  requests: number
}

/**
 * Times one invalidation while viewers go on asking for what it names, on connections to all workers.
 */
export async function timeInvalidation(timed: Timed): Promise<InvalidationTimes> {
  const { admin, key, distribution, item, paths } = timed
  const before = new Map<string, string>()
  for (const path of paths) before.set(path, await bodyOf(timed, path))
  timed.change()

  const seen: { sentMs: number; isOld: boolean }[] = []
  let isOver = false
  const viewers = Array.from({ length: VIEWERS }, async (_, viewer) => {
    const client = new Agent({ connections: 1 })
    for (let at = viewer; !isOver; at += 1) {
      const path = paths[at % paths.length] as string
      const sentMs = performance.now()
      const body = await bodyOf(timed, path, client)
      seen.push({ sentMs, isOld: body === before.get(path) })
    }
    await client.destroy()
  })
  await new Promise((resolve) => setTimeout(resolve, WATCHED_AFTER_MS))

  const askedMs = performance.now()
  const asked = { path: '/invalidations', body: { distribution, paths: [item] } }
  const { status, body } = await askNode(admin, asked, { key, msMax: 30_000 })
  const answeredMs = performance.now() - askedMs
  if (status !== 201) throw new Error(`the invalidation was answered with ${status}: ${JSON.stringify(body)}`)
  await new Promise((resolve) => setTimeout(resolve, WATCHED_AFTER_MS))
  isOver = true
  await Promise.all(viewers)

  const old = seen.filter(({ isOld }) => isOld).map(({ sentMs }) => sentMs - askedMs)
  return {
    answeredMs,
    lastOldMs: Math.max(...old),
    oldAfterAnswer: old.filter((sentMs) => sentMs > answeredMs).length,
    requests: seen.length,
  }
}

async function bodyOf({ httpPort, host }: Timed, path: string, dispatcher?: Agent): Promise<string> {
  const url = `http://127.0.0.1:${httpPort}${path}`
  const answer = await request(url, { headers: { host }, ...(dispatcher && { dispatcher }) })
  return answer.body.text()
}

import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import { z } from 'zod'
import { askNode, NodeFailed } from './ask-node.ts'
import type { Applied, InvalidatingNode } from './node.ts'
import type { Invalidation } from './request.ts'
import type { InvalidationSettings } from './settings.ts'

/** How long a node may take to apply an invalidation, ms: longer than it gives its journal and its workers. */
const NODE_MS_MAX = 11_000

/** Pauses before a node that could not be reached is asked again double from one to the other, and all end after so long, ms. */
const AGAIN_MS_MIN = 1_000
const AGAIN_MS_MAX = 30_000
const AGAIN_FOR_MS = 600_000

/** What a node answers to `POST /invalidations/apply`. */
export const appliedAnswer = z.object({
  node: z.string(),
  instance: z.string(),
  sequence: z.int(),
  processes: z.array(z.object({ pid: z.int(), state: z.enum(['applied', 'ended', 'silent']) })),
})

export type AppliedAnswer = z.infer<typeof appliedAnswer>

export type Tier = 'shield' | 'edge'

/** What one node made of an invalidation. */
export interface NodeReport {
  tier: Tier
  /** Its admin URL; `undefined` is the node that was asked, where no URL of the settings is its own. */
  url: string | undefined
  node?: string
  status: 'applied' | 'failed'
  sequence?: number
  processes?: readonly { pid: number; state: string }[]
  /** Why it failed. */
  problem?: string
  tookMs: number
}

/** Applies invalidations on every node. */
export interface FanOut extends AsyncDisposable {
  /**
   * At all shields first, then at all edges: an edge must find nothing at a shield that it has just
   * dropped itself. Never rejects; nodes that failed are asked again for 10 minutes, and after a
   * shield that failed all edges once more.
   */
  spread(invalidation: Invalidation): Promise<readonly NodeReport[]>
}

/** Who spreads, and with what. */
export interface Spreading {
  settings: InvalidationSettings
  key: string
  /** Of this process: names it among the answers. */
  instance: string
  nodeName: string
  tier: Tier
  node: InvalidatingNode
  log: Logger
}

/** Makes the fan-out of a node. */
export function createFanOut(spreading: Spreading): FanOut {
  const { settings, log } = spreading
  const stopped = new AbortController()

  async function spread(invalidation: Invalidation): Promise<readonly NodeReport[]> {
    const reports = await throughTiers(invalidation, settings)
    if (reports.some(hasFailed)) {
      void again(invalidation, reports.filter(hasFailed)).catch((error: unknown) => {
        if (!stopped.signal.aborted) log.error({ error: String(error) }, 'an invalidation was given up')
      })
    }
    return reports
  }

  async function throughTiers(
    invalidation: Invalidation,
    { shields, edges }: Pick<InvalidationSettings, 'shields' | 'edges'>,
  ): Promise<NodeReport[]> {
    const atShields = await atTier(spreading, 'shield', shields, invalidation)
    return [...atShields, ...(await atTier(spreading, 'edge', edges, invalidation))]
  }

  /** Until all that failed have applied it. What edges fetched from a shield that had not, goes once more. */
  async function again(invalidation: Invalidation, failed: readonly NodeReport[]): Promise<void> {
    const giveUpMs = performance.now() + AGAIN_FOR_MS
    let left = failed.flatMap(({ tier, url }) => (url === undefined ? [] : [{ tier, url }]))
    for (
      let pauseMs = AGAIN_MS_MIN, turn = 1;
      left.length > 0;
      pauseMs = Math.min(AGAIN_MS_MAX, pauseMs * 2)
    ) {
      if (performance.now() > giveUpMs)
        throw new NodeFailed(`${left.map(({ url }) => url)} did not come back`)
      await pause(pauseMs, undefined, { signal: stopped.signal, ref: false })
      const urlsOf = (tier: Tier) => left.filter((one) => one.tier === tier).map(({ url }) => url)
      const atShields = await atTier(spreading, 'shield', urlsOf('shield'), invalidation)
      const isBack = atShields.some((report) => report.status === 'applied' && report.url !== undefined)
      turn += 1
      const atEdges = isBack
        ? await atTier(spreading, 'edge', settings.edges, {
            ...invalidation,
            id: `${invalidation.id}.${turn}`,
          })
        : await atTier(spreading, 'edge', urlsOf('edge'), invalidation)
      left = [...atShields, ...atEdges]
        .filter(hasFailed)
        .flatMap(({ tier, url }) => (url === undefined ? [] : [{ tier, url }]))
    }
    log.info({ id: invalidation.id }, 'an invalidation has reached the nodes that had failed')
  }

  return {
    spread,
    async [Symbol.asyncDispose]() {
      stopped.abort()
    },
  }
}

/** All nodes of a tier at once; the asking node itself too, whether the settings name it or not. */
async function atTier(
  spreading: Spreading,
  tier: Tier,
  urls: readonly string[],
  invalidation: Invalidation,
): Promise<NodeReport[]> {
  const asked = await Promise.all(urls.map((url) => atNode(spreading, tier, url, invalidation)))
  const reports = asked.map(({ report }) => report)
  const reachedOurselves = asked.some(({ instance }) => instance === spreading.instance)
  if (tier !== spreading.tier || reachedOurselves) return reports
  return [...reports, await atOurselves(spreading, invalidation)]
}

async function atNode(
  { key }: Spreading,
  tier: Tier,
  url: string,
  invalidation: Invalidation,
): Promise<{ report: NodeReport; instance?: string }> {
  const startedMs = performance.now()
  const took = () => Math.round((performance.now() - startedMs) * 10) / 10
  try {
    const asked = { path: '/invalidations/apply', body: invalidation }
    const { status, body } = await askNode(url, asked, { key, msMax: NODE_MS_MAX })
    if (status !== 200) throw new NodeFailed(problemIn(body) ?? `answered ${status}`, status)
    const { instance, node, sequence, processes } = appliedAnswer.parse(body)
    return { instance, report: { ...reportOf(tier, url, { sequence, processes }), node, tookMs: took() } }
  } catch (error) {
    return { report: { tier, url, status: 'failed', problem: messageOf(error), tookMs: took() } }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function problemIn(body: unknown): string | undefined {
  return z.object({ detail: z.string() }).safeParse(body).data?.detail
}

async function atOurselves(spreading: Spreading, invalidation: Invalidation): Promise<NodeReport> {
  const { tier, node, nodeName } = spreading
  const startedMs = performance.now()
  try {
    const applied = await node.apply(invalidation)
    const tookMs = Math.round((performance.now() - startedMs) * 10) / 10
    return { ...reportOf(tier, undefined, applied), node: nodeName, tookMs }
  } catch (error) {
    return { tier, url: undefined, node: nodeName, status: 'failed', problem: messageOf(error), tookMs: 0 }
  }
}

/** A worker that did not answer will apply it before anything else it reads, but until then it has not. */
function reportOf(
  tier: Tier,
  url: string | undefined,
  { sequence, processes }: Applied,
): Omit<NodeReport, 'tookMs'> {
  const silent = processes.filter(({ state }) => state === 'silent').map(({ pid }) => pid)
  if (silent.length === 0) return { tier, url, status: 'applied', sequence, processes }
  const problem = `no word from worker ${silent.join(', ')}`
  return { tier, url, status: 'failed', problem, sequence, processes }
}

function hasFailed({ status }: NodeReport): boolean {
  return status === 'failed'
}

import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import { z } from 'zod'
import { askNode, NodeFailed } from './ask-node.ts'
import type { InvalidatingNode } from './node.ts'
import { invalidationSchema } from './request.ts'

/** How long another node may take to tell what it remembers, ms: a start waits for it. */
const PEER_MS_MAX = 2_000

/** How often the others are asked, ms. */
const EVERY_MS = 60_000

/** What a node answers to `GET /invalidations/all`. */
const rememberedAnswer = z.object({
  /** Whether there were earlier ones. */
  forgot: z.boolean(),
  /** Oldest first. */
  invalidations: z.array(invalidationSchema),
})

/** Fetches from other nodes what this one missed while it was down or cut off. */
export interface CatchUp extends AsyncDisposable {
  /** Asks all others once. Never rejects: those that can't be reached are asked again later. */
  now(): Promise<void>
  /** Asks them every minute from now on, until disposed. */
  goOn(): void
}

/** Who catches up, and on whom. */
export interface CatchingUp {
  node: InvalidatingNode
  /** Admin URLs; this node's own may be among them. */
  others: readonly string[]
  key: string
  /** Distributions of this node, as of now. */
  distributions(): readonly string[]
  log: Logger
}

/** Makes a node's catching up. */
export function createCatchUp({ node, others, key, distributions, log }: CatchingUp): CatchUp {
  /** The newest that each told of. */
  const lastOf = new Map<string, string>()
  let timer: NodeJS.Timeout | undefined

  async function on(url: string): Promise<void> {
    const last = lastOf.get(url)
    const path = last === undefined ? '/invalidations/all' : `/invalidations/all?after=${last}`
    const { status, body } = await askNode(url, { path }, { key, msMax: PEER_MS_MAX })
    if (status !== 200) throw new NodeFailed(`answered ${status}`, status)
    const { forgot, invalidations } = rememberedAnswer.parse(body)
    const missed = invalidations.filter(({ id }) => node.recent.sequenceOf(id) === undefined)
    const knowsNone = missed.length === invalidations.length
    if (last === undefined && forgot && knowsNone) await dropAll(url)
    for (const one of missed) await node.apply(one)
    if (missed.length > 0) log.info({ from: url, missed: missed.length }, 'caught up on invalidations')
    const newest = invalidations.at(-1)
    if (newest !== undefined) lastOf.set(url, newest.id)
  }

  /** What it has forgotten may be what we missed, and naming too much is better than too little. */
  async function dropAll(url: string): Promise<void> {
    log.warn({ from: url }, 'away for too long to know what was invalidated: all that is cached is dropped')
    for (const distribution of distributions()) {
      await node.apply({
        id: randomBytes(10).toString('hex'),
        distribution,
        paths: ['/*'],
        tags: [],
        soft: false,
        issuedAtMs: Date.now(),
        onlyHere: true,
      })
    }
  }

  async function now(): Promise<void> {
    await Promise.all(
      others.map((url) =>
        on(url).catch((error: unknown) => log.debug({ from: url, error: String(error) }, 'not caught up')),
      ),
    )
  }

  return {
    now,
    goOn() {
      timer = setInterval(now, EVERY_MS).unref()
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
    },
  }
}

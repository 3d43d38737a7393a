import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { type HeldInvalidations, holdInvalidations } from '../cache/invalidation/held-invalidations.ts'
import { type Journal, memoryJournal } from '../cache/invalidation/journal.ts'
import type { Distribution } from '../distribution/schema.ts'
import type { AdminRoute } from '../program/admin.ts'
import { createCatchUp } from './catch-up.ts'
import { invalidationRoutes } from './endpoint.ts'
import { createFanOut, type Tier } from './fan-out.ts'
import {
  type InvalidatingNode,
  type KeptInvalidation,
  NO_PROCESSES,
  openNode,
  type Processes,
} from './node.ts'
import type { Invalidation } from './request.ts'
import type { InvalidationSettings } from './settings.ts'
import { spellingOf } from './spelling.ts'

/** What a node's invalidation is made of. */
export interface NodeGround {
  tier: Tier
  settings: {
    node: string
    key: string
    invalidation: InvalidationSettings
    distributions: readonly Distribution[]
  }
  log: Logger
  /** Where they are kept as long as the cache is; left out: both are lost at a restart. */
  journal?: Journal<KeptInvalidation> | undefined
  /** Where they are held; empty. */
  held?: HeldInvalidations
  /** Other processes of this machine that have a cache. */
  processes?: Processes
  /** Hears of each that this node has applied, and of those that it remembers from before. */
  onApplied?: ((invalidation: Invalidation) => void) | undefined
}

/** A node that invalidates what it is told to, and passes it on. Disposed, it passes on nothing more. */
export interface Invalidating extends AsyncDisposable {
  node: InvalidatingNode
  routes: readonly AdminRoute[]
  /** Goes by other distributions from now on. */
  knows(distributions: readonly Distribution[]): void
}

/**
 * Makes a node's invalidation of its parts: what it remembers, how it spreads, what it answers. It first
 * fetches what it missed; viewers may be answered only after that.
 */
export async function assembleInvalidation(ground: NodeGround): Promise<Invalidating> {
  const { tier, settings, log } = ground
  const { onApplied } = ground
  const { journal = memoryJournal(), held = holdInvalidations(), processes = NO_PROCESSES } = ground
  const instance = randomUUID()
  let { distributions } = settings
  let spelled = spellingOf(distributions)
  const node = openNode({ journal, held, processes, onApplied })
  const fanOut = createFanOut({
    settings: settings.invalidation,
    key: settings.key,
    instance,
    nodeName: settings.node,
    tier,
    node,
    log,
  })
  const routes = invalidationRoutes({
    nodeName: settings.node,
    instance,
    key: settings.key,
    token: settings.invalidation.token,
    node,
    fanOut,
    spelled: (distribution, paths) => spelled(distribution, paths),
    now: Date.now,
  })
  const catchUp = createCatchUp({
    node,
    others: [...settings.invalidation.shields, ...settings.invalidation.edges],
    key: settings.key,
    distributions: () => distributions.map(({ id }) => id),
    log,
  })
  await catchUp.now()
  catchUp.goOn()
  return {
    node,
    routes,
    knows(others) {
      distributions = others
      spelled = spellingOf(others)
    },
    async [Symbol.asyncDispose]() {
      await catchUp[Symbol.asyncDispose]()
      await fanOut[Symbol.asyncDispose]()
    },
  }
}

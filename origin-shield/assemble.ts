import { createCache } from '../edge/cache/cache.ts'
import { createByteBudget } from '../edge/cache/fetch/shared-body.ts'
import { holdInvalidations } from '../edge/cache/invalidation/held-invalidations.ts'
import { openStore } from '../edge/cache/store/open-store.ts'
import { assembleInvalidation } from '../edge/invalidation/assemble.ts'
import { invalidationMetrics } from '../edge/invalidation/metrics.ts'
import { serveAdmin } from '../edge/program/admin.ts'
import type { Running, Starting } from '../edge/program/run.ts'
import { changedFields } from '../edge/program/settings.ts'
import { createFailureMemory } from './failure-memory.ts'
import type { Shield } from './front.ts'
import { openForEdges } from './listen.ts'
import { startMeters } from './meters.ts'
import { openOrigins } from './origins.ts'
import type { ShieldSettings } from './settings.ts'

/**
 * Makes a shield, from the far end of a request's way to the near one, and lets it listen. While it runs it
 * takes over other distributions; the rest of its settings are for its start.
 *
 * @param now the clock by which responses age, Unix ms
 * @throws PortInUse
 */
export async function assembleShield(
  { settings, log, parts }: Starting<ShieldSettings>,
  now: () => number = Date.now,
): Promise<Running<ShieldSettings>> {
  const { node, key, objectBytesMax, sliceBytes } = settings
  const origins = parts.use(await openOrigins(settings.distributions, log))
  const cached = parts.use(await openStore(settings, log))
  const { store, disk } = cached
  const arriving = createByteBudget(settings.cacheBytes / 2)
  const held = holdInvalidations()
  const invalidating = parts.use(
    await assembleInvalidation({ tier: 'shield', settings, log, held, journal: disk?.journal() }),
  )
  const cache = createCache({ arriving, store, invalidations: held, now, objectBytesMax, sliceBytes })
  const meters = startMeters(cached)
  const shield: Shield = {
    node,
    key,
    cache,
    origins,
    failures: createFailureMemory(now),
    log,
    answered: meters.count,
  }

  await openForEdges(shield, parts, settings.listen)
  const metrics = async () => `${await meters.text()}${invalidationMetrics('shield', invalidating.node)}`
  parts.use(await serveAdmin(settings.admin, { unready: () => undefined, metrics }, invalidating.routes))
  return {
    async reload({ distributions, ...next }) {
      // What is under way goes on with the origins it had; these end with the shield.
      shield.origins = parts.use(await openOrigins(distributions, log))
      invalidating.knows(distributions)
      const kept = changedFields(settings, { ...next, logLevel: settings.logLevel })
      if (kept.length > 0) log.warn(`${kept.join(', ')}: taken over at the next start of the shield only`)
    },
  }
}

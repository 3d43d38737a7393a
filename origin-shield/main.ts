/**
 * The origin shield: one more cache behind all edges, the only program that knows the origins and
 * their secrets. Everything it is made of is made here, from the far end of a request's way to the near one.
 */
import { createServer } from 'node:http'
import { createCache } from '../edge/cache/cache.ts'
import { createMemoryStore } from '../edge/cache/memory-store.ts'
import { listenOn, serveAdmin } from '../edge/program/admin.ts'
import { runProgram } from '../edge/program/run.ts'
import { type Shield, shieldListener } from './front.ts'
import { startMeters } from './meters.ts'
import { openOrigins } from './origins.ts'
import { shieldSettings } from './settings.ts'
import { shieldUpgradeListener } from './upgrade.ts'

await runProgram('origin-shield', shieldSettings, async ({ settings, log, parts }) => {
  const { node, key, objectBytesMax } = settings
  const origins = parts.use(await openOrigins(settings.distributions, log))
  const store = createMemoryStore(settings.cacheBytes)
  const cache = createCache({ store, now: Date.now, objectBytesMax })
  const meters = startMeters(store)
  const shield: Shield = { node, key, cache, origins, log, answered: meters.count }

  const server = createServer(shieldListener(shield))
  // Edges keep their connections; that we close one while a request is on its way must be rare.
  server.keepAliveTimeout = 120_000
  server.on('upgrade', shieldUpgradeListener(shield))
  parts.use(await listenOn(server, settings.listen, 'origin shield', 'originShield.listen.port'))
  parts.use(await serveAdmin(settings.admin, { unready: () => undefined, metrics: meters.text }))
})

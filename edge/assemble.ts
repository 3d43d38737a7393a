import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { answerUnreadable, answerViewer } from './answer-viewer.ts'
import { createCache } from './cache/cache.ts'
import { createEncoding } from './cache/encoding/encoding.ts'
import { NO_INVALIDATIONS } from './cache/invalidations.ts'
import { openStore } from './cache/open-store.ts'
import { createByteBudget } from './cache/shared-body.ts'
import { cdnIdOf } from './distribution/cdn-loop.ts'
import { matchDistributions } from './distribution/match.ts'
import { isWebSocket } from './distribution/upgrade-proxy.ts'
import type { Edge } from './edge.ts'
import { openGeo } from './geo/place.ts'
import { alone, type FirstProcess } from './invalidation/first-process.ts'
import { type Behind, http1Listener, unreadable } from './listen/http1.ts'
import { type BehindUpgrade, upgradeListener } from './listen/upgrade.ts'
import { recordOf } from './log/record-of.ts'
import { openSpool } from './log/spool.ts'
import { startMeters } from './meters.ts'
import { listenOn } from './program/admin.ts'
import type { Starting } from './program/run.ts'
import type { EdgeSettings } from './settings.ts'
import { upgradeViewer } from './upgrade-viewer.ts'
import { connectShields, upgradeRoutes } from './upstream.ts'

/** Several processes on one port: each has its own queue, and the kernel spreads the connections. */
const SHARED = { reusePort: process.platform === 'linux' }

/** How long an idle viewer's connection is kept, ms; largest head of a request, bytes (CloudFront's). */
const LIMITS = { keepAliveTimeout: 60_000, maxHeaderSize: 20_480 }

/** Other upgrades than WebSocket, `h2c` above all, are ignored and the request answered. */
const UPGRADES = { shouldUpgradeCallback: isWebSocket }

/**
 * Makes one worker of the edge, from the far end of a request's way to the near one, and lets it listen.
 *
 * @param now the clock by which responses age, Unix ms
 * @param first the first process of this machine, which knows what was invalidated
 * @throws PortInUse
 */
export async function assembleWorker(
  { settings, log, parts }: Starting<EdgeSettings>,
  now: () => number = Date.now,
  first: FirstProcess = alone(NO_INVALIDATIONS),
): Promise<void> {
  const { node, host } = settings
  const spool = parts.use(openSpool(settings.spool.directory, log))
  const shields = parts.use(connectShields(settings.shields, settings.key, log))
  const cached = parts.use(await openStore(settings, log))
  const { store } = cached
  const arriving = createByteBudget(settings.cacheBytes / 2)
  const encoding = createEncoding({ store, arriving })
  const fetching = {
    arriving,
    store,
    invalidations: first.invalidations,
    dropped: first.dropped,
    now,
    objectBytesMax: settings.objectBytesMax,
    sliceBytes: settings.sliceBytes,
  }
  const cache = createCache(fetching, encoding)
  first.onDropped(cache.drop)
  const meters = startMeters(cached, encoding, spool)
  const distributions = matchDistributions(settings.distributions)

  const edge: Edge = {
    node,
    cdnId: cdnIdOf(settings.key),
    distributions,
    geo: await openGeo(settings.countryDatabase),
    cache,
    httpsPort: settings.tls === undefined ? undefined : settings.httpsPort,
    upstreamFor: (distribution, { requestId }, keyOf) => {
      const about = { distribution: distribution.id, requestId }
      return (request, signal) => shields.ask(keyOf(request.target), request, about, signal)
    },
  }
  const ended: BehindUpgrade['ended'] & Behind['ended'] = (viewer, served, transfer) => {
    spool.append(recordOf(node, viewer, served, transfer, Date.now()))
    meters.count(served, transfer)
  }
  const behind: Behind = {
    log,
    ended,
    answer: (viewer) => answerViewer(edge, viewer),
    unreadable: (viewer, status) => answerUnreadable(edge, viewer, status),
  }
  const routeTo = upgradeRoutes(shields, settings.key)
  const behindUpgrade: BehindUpgrade = {
    log,
    ended,
    upgrade: (viewer) => upgradeViewer(edge, viewer, routeTo),
  }

  const plain = createServer({ ...LIMITS, ...UPGRADES }, http1Listener('http', behind))
  plain.on('upgrade', upgradeListener('ws', behindUpgrade))
  plain.on('clientError', unreadable('http', behind))
  parts.use(await listenOn(plain, { host, port: settings.httpPort, ...SHARED }, 'edge HTTP', '--http-port'))

  if (settings.tls !== undefined) {
    const secure = createTlsServer(
      { ...LIMITS, ...UPGRADES, ...settings.tls, minVersion: 'TLSv1.2' },
      http1Listener('https', behind),
    )
    secure.on('upgrade', upgradeListener('wss', behindUpgrade))
    secure.on('clientError', unreadable('https', behind))
    parts.use(
      await listenOn(secure, { host, port: settings.httpsPort, ...SHARED }, 'edge HTTPS', '--https-port'),
    )
  }
}

import { answerFromMemory } from './answer-from-memory.ts'
import { answerUnreadable, answerViewer, notServed } from './answer-viewer.ts'
import { createCache } from './cache/cache.ts'
import { createEncoding } from './cache/encoding/encoding.ts'
import { createByteBudget } from './cache/fetch/shared-body.ts'
import { NO_INVALIDATIONS } from './cache/invalidation/invalidations.ts'
import { openStore } from './cache/store/open-store.ts'
import { cdnIdOf } from './distribution/cdn-loop.ts'
import { matchDistributions } from './distribution/match.ts'
import { databasesFor } from './distribution/viewer-headers.ts'
import type { Edge } from './edge.ts'
import { openViewerGeo } from './geo/viewer-geo.ts'
import { alone, type FirstProcess } from './invalidation/first-process.ts'
import type { Behind } from './listen/answering.ts'
import { type Fronts, type LaneUse, openFronts } from './listen/fronts.ts'
import type { InheritedPorts } from './listen/held-ports.ts'
import type { LiveKeyring } from './listen/tls/keyring.ts'
import { viewerTls } from './listen/tls/viewer-tls.ts'
import type { BehindUpgrade } from './listen/upgrade.ts'
import { hitLog } from './log/hit-log.ts'
import { recordOf } from './log/record-of.ts'
import { openSpool } from './log/spool.ts'
import { type Meters, startMeters } from './meters.ts'
import type { Starting } from './program/run.ts'
import type { EdgeSettings } from './settings.ts'
import { upgradeViewer } from './upgrade-viewer.ts'
import { connectShields, upgradeRoutes } from './upstream.ts'

/**
 * Makes one worker of the edge, from the far end of a request's way to the near one, and lets it listen.
 *
 * @param now the clock by which responses age, Unix ms
 * @param first the first process of this machine, which knows what was invalidated
 * @param lane whether plain hits take the express lane
 * @param keyring certificates and ticket keys; no HTTPS without
 * @param inherited sockets that the first process holds for this worker, by port
 * @throws PortInUse
 */
export async function assembleWorker(
  { settings, log, parts }: Starting<EdgeSettings>,
  now: () => number = Date.now,
  first: FirstProcess = alone(NO_INVALIDATIONS),
  lane: LaneUse = 'on',
  keyring?: LiveKeyring,
  inherited: InheritedPorts = new Map(),
): Promise<Fronts> {
  const { node } = settings
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
    geo: parts.use(await openViewerGeo(settings, databasesFor(distributions.viewerHeaders), log)),
    cache,
    httpsPort: settings.tls === undefined ? undefined : settings.httpsPort,
    upstreamFor: (distribution, { requestId }, keyOf) => {
      const about = { distribution: distribution.id, requestId }
      return (request, signal) => shields.ask(keyOf(request.target), request, about, signal)
    },
  }
  const ended: BehindUpgrade['ended'] & Behind['ended'] = (viewer, served, transfer) => {
    const said = served ?? notServed(edge, viewer)
    spool.append(recordOf(node, viewer, said, transfer, Date.now()))
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

  const fronts = await openFronts({
    settings,
    tls: settings.tls && keyring && viewerTls(settings.tls, keyring, distributions),
    log,
    parts,
    behind,
    behindUpgrade,
    lane,
    inherited,
    fromMemory: (wording) => answerFromMemory(edge, wording),
    hits: hitLog(node, spool, meters),
    placeOf: edge.geo.placeOf,
    now,
  })
  showFronts(meters, fronts)
  return fronts
}

function showFronts(meters: Meters, fronts: Fronts): void {
  meters.counter(
    'selvedge_edge_express_total',
    'Responses from memory that were given as the request was read: by the express lane, and over HTTP/2.',
    () => fronts.expressAnswers,
  )
  meters.counter(
    'selvedge_edge_connections_refused_total',
    'Connections closed at once because there were too many, in all or from one address.',
    () => fronts.refused,
  )
  meters.counter(
    'selvedge_edge_http2_broken_total',
    'HTTP/2 connections ended because what came over them broke the protocol or a limit.',
    () => fronts.broken,
  )
  meters.counterBy(
    'selvedge_edge_http2_broken_by_total',
    'The same by what it was: an error of RFC 9113 section 7, or the limit. Not counted with node:http2.',
    'reason',
    () => fronts.brokenBy,
  )
  meters.gauge('selvedge_edge_connections', 'Connections that viewers have open.', () => fronts.connections)
}

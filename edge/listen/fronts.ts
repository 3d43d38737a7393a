import type { Logger } from 'pino'
import type { LookUp, Wording } from '../answer-from-memory.ts'
import type { Place } from '../geo/place.ts'
import type { HitLog } from '../log/hit-log.ts'
import type { EdgeSettings } from '../settings.ts'
import type { Behind } from './answering.ts'
import { startConnections } from './connections.ts'
import { type Drain, drainOf } from './drain.ts'
import { type ExpressLane, expressLane } from './express-lane.ts'
import { fieldsIn } from './field-lines.ts'
import { type Front, type FrontParts, openFront, plainFront, secureFront, slowServer } from './front.ts'
import type { InheritedPorts } from './held-ports.ts'
import { blockFormOf } from './http2/block-form.ts'
import { fieldsAmong } from './http2/head.ts'
import { type Http2, http2 } from './http2/http2.ts'
import { fieldFormOf } from './node-http2/field-form.ts'
import { nodeHttp2 } from './node-http2/node-http2.ts'
import { checkInternals, PUBLIC_ONLY } from './node-internals.ts'
import type { AskedHead, PlainHead } from './plain-head.ts'
import { proxiesIn } from './proxies.ts'
import { checkTlsInternals, DOCUMENTED_TLS } from './tls/tls-internals.ts'
import type { ViewerTls } from './tls/viewer-tls.ts'
import type { BehindUpgrade } from './upgrade.ts'
import { type Form, type WireForm, wireFormOf } from './wire-form.ts'

/**
 * Whether plain hits take the express lane: `on`; `public`, without what leans on Node's insides; or `off`,
 * so that all goes the long way. Meant for tests that hold the ways against each other.
 */
export type LaneUse = 'on' | 'public' | 'off'

/** The ports that viewers come to, open. */
export interface Fronts extends Pick<Drain, 'retire'> {
  /** How many requests were answered from memory as they were read: by the express lanes, and over HTTP/2. */
  readonly expressAnswers: number
  /** Connections that viewers have open. */
  readonly connections: number
  /** Connections closed at once because there were too many. */
  readonly refused: number
  /** HTTP/2 connections ended because what came over them broke the protocol or a limit. */
  readonly broken: number
  /** The same by what it was; see `Http2.brokenBy`. */
  readonly brokenBy: Iterable<[string, number]>
}

/** What the fronts need of the edge behind them. */
export interface BehindFronts {
  settings: EdgeSettings
  /** No HTTPS without. */
  tls: ViewerTls | undefined
  log: Logger
  parts: AsyncDisposableStack
  behind: Behind
  behindUpgrade: BehindUpgrade
  lane: LaneUse
  /** Sockets that the first process holds for this worker. */
  inherited: InheritedPorts
  /** Makes a look-up in memory for a version of HTTP. */
  fromMemory<Head extends AskedHead, Kept extends Form>(wording: Wording<Head, Kept>): LookUp<Head, Kept>
  hits: HitLog
  placeOf(address: string): Place
  now(): number
}

/**
 * Opens the ports for viewers: HTTP, and HTTPS where there is a certificate.
 *
 * @throws PortInUse
 */
export async function openFronts(behindThem: BehindFronts): Promise<Fronts> {
  const { settings, tls, log, parts, behind, behindUpgrade, lane, inherited, fromMemory, ...shared } =
    behindThem
  const { limits, host, httpPort, httpsPort } = settings
  const connections = startConnections(limits)
  parts.defer(connections.stop)
  const internals = lane === 'on' ? await checkInternals(log) : PUBLIC_ONLY
  const ofTls = lane === 'on' && tls !== undefined ? await checkTlsInternals(log) : DOCUMENTED_TLS
  const proxies = settings.proxies && { isProxy: proxiesIn(settings.proxies), by: settings.proxies.by }
  const lanes: ExpressLane[] = []

  function frontParts(scheme: 'http' | 'https'): FrontParts {
    const slow = slowServer(scheme, behind, behindUpgrade, limits, connections)
    if (lane === 'off') return { slow, connections, internals, lane: undefined, proxies }
    const lookUp = fromMemory(LINE_WORDING)
    const own = { scheme, slow, connections, internals: ofTls }
    const one = expressLane({ ...shared, ...own, behind, lookUp, log })
    lanes.push(one)
    return { slow, connections, internals, lane: one, proxies }
  }

  function ownHttp2(): Http2 {
    const lookUp = lane === 'off' ? undefined : fromMemory({ fieldsOf: fieldsAmong, formOf: blockFormOf })
    const { leaving } = connections
    return http2({ ...shared, behind, behindUpgrade, lookUp, limits, leaving, internals: ofTls, log })
  }

  function http2OfNode(): Http2 {
    const lookUp = lane === 'off' ? undefined : fromMemory({ fieldsOf: fieldsAmong, formOf: fieldFormOf })
    return nodeHttp2({ ...shared, behind, lookUp, limits, log })
  }

  const fronts: Front[] = []
  const drain = drainOf(fronts, connections, limits.drainMs)
  parts.defer(drain.stop)

  async function open(front: Front, port: number, purpose: string, option: string): Promise<void> {
    fronts.push(front)
    await openFront(front, { host, port, fds: inherited.get(port) }, purpose, option)
  }
  await open(plainFront(frontParts('http')), httpPort, 'edge HTTP', '--http-port')
  let streams: Http2 | undefined
  if (tls !== undefined) {
    streams = settings.http2 === 'own' ? ownHttp2() : http2OfNode()
    const secure = secureFront({ ...frontParts('https'), http2: streams }, tls, limits)
    await open(secure, httpsPort, 'edge HTTPS', '--https-port')
  }
  return {
    retire: drain.retire,
    get expressAnswers() {
      return lanes.reduce((sum, one) => sum + one.answered, streams?.answered ?? 0)
    },
    get connections() {
      return connections.open
    },
    get refused() {
      return connections.refused
    },
    get broken() {
      return streams?.broken ?? 0
    },
    get brokenBy() {
      return streams?.brokenBy ?? []
    },
  }
}

/** How the express lane reads and writes HTTP/1.1. */
const LINE_WORDING: Wording<PlainHead, WireForm> = {
  fieldsOf: ({ lines }, names) => fieldsIn(lines, names),
  formOf: wireFormOf,
}

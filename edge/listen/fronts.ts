import type { Logger } from 'pino'
import type { LookUp } from '../answer-from-memory.ts'
import type { Place } from '../geo/place.ts'
import type { HitLog } from '../log/hit-log.ts'
import type { EdgeSettings } from '../settings.ts'
import type { Behind } from './answering.ts'
import { startConnections } from './connections.ts'
import { type ExpressLane, expressLane } from './express-lane.ts'
import { type FrontParts, openFront, plainFront, secureFront, slowServer } from './front.ts'
import { checkInternals, PUBLIC_ONLY } from './node-internals.ts'
import type { ViewerTls } from './tls/viewer-tls.ts'
import type { BehindUpgrade } from './upgrade.ts'

/**
 * Whether plain hits take the express lane: `on`; `public`, without what leans on Node's insides; or `off`,
 * so that all goes the long way. Meant for tests that hold the ways against each other.
 */
export type LaneUse = 'on' | 'public' | 'off'

/** The ports that viewers come to, open. */
export interface Fronts {
  /** How many requests the express lanes answered. */
  readonly expressAnswers: number
  /** Connections that viewers have open. */
  readonly connections: number
  /** Connections closed at once because there were too many. */
  readonly refused: number
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
  lookUp: LookUp
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
  const { settings, tls, log, parts, behind, behindUpgrade, lane, ...forLane } = behindThem
  const { limits, host, httpPort, httpsPort } = settings
  const connections = startConnections(limits)
  parts.defer(connections.stop)
  const internals = lane === 'on' ? await checkInternals(log) : PUBLIC_ONLY
  const lanes: ExpressLane[] = []

  function frontParts(scheme: 'http' | 'https'): FrontParts {
    const slow = slowServer(scheme, behind, behindUpgrade, limits)
    if (lane === 'off') return { slow, connections, internals, lane: undefined }
    const one = expressLane({ ...forLane, scheme, slow, connections, internals, log })
    lanes.push(one)
    return { slow, connections, internals, lane: one }
  }

  const plain = plainFront(frontParts('http'))
  parts.use(await openFront(plain, { host, port: httpPort }, 'edge HTTP', '--http-port'))
  if (tls !== undefined) {
    const secure = secureFront(frontParts('https'), tls, limits)
    parts.use(await openFront(secure, { host, port: httpsPort }, 'edge HTTPS', '--https-port'))
  }
  return {
    get expressAnswers() {
      return lanes.reduce((sum, one) => sum + one.answered, 0)
    },
    get connections() {
      return connections.open
    },
    get refused() {
      return connections.refused
    },
  }
}

import { createServer as createHttpServer, type Server as HttpServer } from 'node:http'
import { createServer } from 'node:net'
import { startConnections } from '../edge/listen/connections.ts'
import { drainOf } from '../edge/listen/drain.ts'
import { checkInternals } from '../edge/listen/node-internals.ts'
import { claim } from '../edge/program/admin.ts'
import { edgeLane } from './edge-lane.ts'
import { type AnswersEdges, answersEdges, type Shield, shieldListener } from './front.ts'
import type { ShieldSettings } from './settings.ts'
import { shieldUpgradeListener } from './upgrade.ts'

/** An edge takes 16 KB from a viewer and adds what it knows, bytes. */
const HEAD_BYTES_MAX = 32_768

/** Edges keep their connections; that we close one while a request is on its way must be rare. ms */
const IDLE_MS_MAX = 120_000

/** How long responses under way may take to finish when we stop, ms: a stop has to end. */
const DRAIN_MS_MAX = 2_000

/**
 * Bounds for edges, of which there are few, each with many connections. One that reads nothing is waiting for a
 * viewer, and an edge gives those up itself, after an hour at most.
 */
const LIMITS = {
  connectionsMax: 100_000,
  connectionsPerAddressMax: 100_000,
  headMs: 30_000,
  requestMs: 4_000_000,
  idleMs: IDLE_MS_MAX,
  stallMs: 4_000_000,
}

/**
 * Opens the port that edges come to: plain requests are read by the lane, the rest by node:http.
 *
 * @throws PortInUse
 */
export async function openForEdges(
  shield: Shield,
  parts: AsyncDisposableStack,
  listen: ShieldSettings['listen'],
): Promise<void> {
  const answers = answersEdges(shield)
  const slow = slowServer(shield, answers)
  const connections = startConnections(LIMITS)
  parts.defer(connections.stop)
  const internals = await checkInternals(shield.log)
  const take = edgeLane({ answers, slow, connections, internals })
  const options = { noDelay: true, allowHalfOpen: true, pauseOnConnect: internals.ownReads }
  const server = createServer(options, take)
  parts.defer(drainOf([{ servers: [server], slow }], connections, DRAIN_MS_MAX).stop)
  await claim(server, listen, 'origin shield', 'originShield.listen.port')
}

/** Reads connections that it is given, and listens to no port. That it does is pretended, so that it minds its limits. */
function slowServer(shield: Shield, answers: AnswersEdges): HttpServer {
  const slow = createHttpServer({ maxHeaderSize: HEAD_BYTES_MAX }, shieldListener(answers))
  slow.keepAliveTimeout = IDLE_MS_MAX
  slow.on('upgrade', shieldUpgradeListener(shield))
  slow.emit('listening')
  return slow
}

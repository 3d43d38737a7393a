import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import { listenOn, serveAdmin } from '../program/admin.ts'
import type { Running, Starting } from '../program/run.ts'
import { changedFields } from '../program/settings.ts'
import { type AnswerDns, answering } from './dns/answer.ts'
import { cookiesWith } from './dns/cookie.ts'
import { type RateLimit, rateLimit } from './dns/rate-limit.ts'
import { serveDns } from './dns/serve.ts'
import { zoneOf } from './dns/zone.ts'
import { type FleetFile, readFleetFile } from './fleet/fleet-file.ts'
import { type FleetState, fleetState } from './fleet/fleet-state.ts'
import { probeEdges } from './fleet/probe.ts'
import { openAtlas } from './open-atlas.ts'
import { type Redirecting, redirecting, redirectServer } from './redirect.ts'
import { routerAdmin } from './router-admin.ts'
import { type RouterMeters, routerMeters } from './router-meters.ts'
import type { RouterSettings } from './settings.ts'
import { steering } from './steer.ts'

/** All that a fleet file decides; another takes its place when the file is read again. */
interface Work extends AsyncDisposable {
  file: FleetFile
  fleet: FleetState
  limit: RateLimit
  answerDns: AnswerDns
  redirectTo: Redirecting
}

/** Makes a router and lets it listen. @throws ConfigError, PortInUse */
export async function assembleRouter({
  settings,
  log,
  parts,
}: Starting<RouterSettings>): Promise<
  Running<RouterSettings> & { ports: { dns: number; http?: number; admin: number } }
> {
  const ownSecret = randomBytes(32)
  let work: Work
  const meters = routerMeters(
    () => work.fleet,
    () => ({ dropped: work.limit.dropped, truncated: work.limit.truncated }),
  )
  work = await startWork(readFleetFile(settings.fleet), { settings, log, meters, ownSecret })
  parts.defer(() => work[Symbol.asyncDispose]())

  const { host } = settings
  const answer: AnswerDns = (message, asking) => work.answerDns(message, asking)
  const { tcpConnectionsMax: connectionsMax, tcpIdleMs: idleMs } = work.file.dns
  const dns = parts.use(await serveDns({ host, port: settings.dnsPort }, answer, { connectionsMax, idleMs }))
  const { httpPort } = settings
  const redirects = redirectServer((request) => work.redirectTo(request), meters.redirected)
  const at = httpPort !== undefined && { host, port: httpPort }
  const http = at && parts.use(await listenOn(redirects, at, 'redirects over HTTP', '--http-port')).port
  const drained = ({ code, drained }: { code: string; drained: boolean }) =>
    log.warn({ edge: code }, drained ? 'an edge is drained' : 'an edge is no longer drained')
  const health = { unready: () => undefined, metrics: meters.text }
  const admin = parts.use(
    await serveAdmin(
      settings.admin,
      health,
      routerAdmin(() => work.fleet, drained),
    ),
  )
  const ports = { dns: dns.port, ...(http !== false && { http }), admin: admin.port }
  log.info({ ...ports, zone: work.file.zone, edges: work.file.edges.length }, 'viewers are sent to edges')

  return {
    ports,
    async reload(next) {
      const { node: _, logLevel: __, ...fixed } = settings
      const ignored = changedFields(next, fixed)
      if (ignored.length > 0) log.warn(`${ignored.join(', ')}: taken over at the next start only`)
      const before = work
      work = await startWork(
        readFleetFile(settings.fleet),
        { settings, log, meters, ownSecret },
        before.fleet,
      )
      await before[Symbol.asyncDispose]()
    },
  }
}

/** What work is done with. */
interface Tools {
  settings: RouterSettings
  log: Logger
  meters: RouterMeters
  /** Makes cookies where the file names no secret. */
  ownSecret: Buffer
}

async function startWork(
  file: FleetFile,
  { settings, log, meters, ownSecret }: Tools,
  before?: FleetState,
): Promise<Work> {
  const { dns } = file
  const atlas = await openAtlas(file, log)
  const fleet = fleetState(file, before)
  const steer = steering(atlas, fleet, file.toleranceKm)
  const limit = rateLimit(dns.responsesPerSecond, dns.slip)
  const answerDns = answering({
    zone: zoneOf(file, Math.floor(Date.now() / 1_000)),
    steer,
    cookies: cookiesWith(dns.cookieSecret === undefined ? ownSecret : Buffer.from(dns.cookieSecret, 'hex')),
    limit,
    udpBytesMax: dns.udpBytesMax,
    ttlSeconds: dns.ttlSeconds,
    fixedTtlSeconds: dns.fixedTtlSeconds,
    count: meters.answered,
  })
  const redirectTo = redirecting(file, steer)
  const probes = settings.assumeHealthy ? undefined : probeEdges(fleet, file, log)
  return {
    file,
    fleet,
    limit,
    answerDns,
    redirectTo,
    async [Symbol.asyncDispose]() {
      await probes?.[Symbol.asyncDispose]()
      atlas[Symbol.dispose]()
    },
  }
}

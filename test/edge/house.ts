import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Logger, pino } from 'pino'
import { Agent, request } from 'undici'
import { assembleWorker } from '../../edge/assemble.ts'
import { holdInvalidations } from '../../edge/cache/invalidation/held-invalidations.ts'
import { askNode, type NodeAnswer } from '../../edge/invalidation/ask-node.ts'
import { assembleInvalidation } from '../../edge/invalidation/assemble.ts'
import { alone } from '../../edge/invalidation/first-process.ts'
import type { LaneUse } from '../../edge/listen/fronts.ts'
import type { Http2Use } from '../../edge/listen/settings.ts'
import { openKeyring } from '../../edge/listen/tls/keyring.ts'
import { namedCertificates } from '../../edge/listen/tls/named-certificates.ts'
import type { TlsSettings } from '../../edge/listen/tls/settings.ts'
import { type AccessRecord, RECORD_COLUMNS } from '../../edge/log/record.ts'
import { linesOf } from '../../edge/log/segment.ts'
import { serveAdmin } from '../../edge/program/admin.ts'
import { readSettings } from '../../edge/program/settings.ts'
import { edgeSettings } from '../../edge/settings.ts'
import { assembleShield } from '../../origin-shield/assemble.ts'
import { shieldSettings } from '../../origin-shield/settings.ts'
import { freePort } from '../free-port.ts'

/** What a viewer got. */
export interface Got {
  status: number
  headers: Record<string, string>
  body: string
}

/** An edge worker and a shield in front of origins, in this process, with a clock that tests may set. */
export interface House extends AsyncDisposable {
  port: number
  securePort: number
  shieldPort: number
  /** Requests that the express lane answered. */
  readonly expressAnswers: number
  readonly connections: number
  /** HTTP/2 connections that were ended for what came over them. */
  readonly broken: number
  clock: {
    advanceSeconds(seconds: number): void
    /** Lets no time pass but what it is advanced by. */
    stand(): void
  }
  /** Has the edge's worker leave its ports to another. Resolves when its connections have ended. */
  retire(): Promise<void>
  get(path: string, headers?: Record<string, string>): Promise<Got>
  ask(method: string, path: string, headers?: Record<string, string>, body?: string): Promise<Got>
  /** Asks the edge's admin port for an invalidation at both tiers. */
  invalidate(asked: { paths?: string[]; tags?: string[]; soft?: boolean }): Promise<NodeAnswer>
  /** The records that were logged, once at least so many are on disk. */
  records(atLeast: number): Promise<Partial<Record<keyof AccessRecord, string>>[]>
}

/** Host name that the house's one site answers to, unless distributions are given. */
export const HOST = 'site.example'

/**
 * @param origin URL of an HTTP origin, or whole distributions
 * @param more.cache settings of the caches of both
 * @param more.tls files of a certificate; no HTTPS when left out
 * @param more.http2 what speaks HTTP/2, as in the settings
 * @param more.log for both; silent when left out
 * @param more.disk folder for the edge's cache; only memory when left out
 */
export async function houseInFrontOf(
  origin: string | object[],
  more: {
    shields?: string[]
    cache?: object
    disk?: string
    lane?: LaneUse
    http2?: Http2Use
    log?: Logger
    limits?: object
    proxies?: object
    tls?: TlsSettings
  } = {},
): Promise<House> {
  const directory = await mkdtemp(join(tmpdir(), 'selvedge-house-'))
  const distributions =
    typeof origin === 'string'
      ? [{ id: 'site', aliases: [HOST], origins: [{ id: 'origin', http: { url: origin } }] }]
      : origin
  const adminPorts = { shield: await freePort(), edge: await freePort() }
  const key = 'k'.repeat(32)
  const common = {
    node: 'test',
    key,
    cacheBytes: 64 * 1_048_576,
    ...more.cache,
    admin: { port: adminPorts.shield },
    invalidation: {
      shields: [`http://127.0.0.1:${adminPorts.shield}`],
      edges: [`http://127.0.0.1:${adminPorts.edge}`],
    },
  }
  const shieldPort = await freePort()
  const port = await freePort()
  let aheadMs = 0
  let stoodMs: number | undefined
  const now = () => (stoodMs ?? Date.now()) + aheadMs
  const { log = pino({ level: 'silent' }) } = more
  const parts = new AsyncDisposableStack()
  const client = new Agent()

  const shield = { ...common, listen: { port: shieldPort }, distributions }
  await assembleShield({ settings: readSettings(shieldSettings, shield, 'test'), log, parts }, now)
  const edge = {
    ...common,
    host: '127.0.0.1',
    httpPort: port,
    httpsPort: more.tls === undefined ? 1 : await freePort(),
    tls: more.tls,
    ...(more.http2 && { http2: more.http2 }),
    limits: { drainMs: 2_000, ...more.limits },
    proxies: more.proxies,
    workers: 1,
    shields: more.shields ?? [`http://127.0.0.1:${shieldPort}`],
    spool: { directory },
    ...(more.disk && { disk: { directory: more.disk, bytesMax: 256 * 1_048_576 } }),
    distributions: distributions
      .map((one) => ({ ...one, origins: undefined, originGroups: undefined }))
      .map(({ origins: _, originGroups: _groups, ...one }) => one),
  }
  const settings = readSettings(edgeSettings, edge, 'test')
  const held = holdInvalidations()
  const { routes } = parts.use(await assembleInvalidation({ tier: 'edge', settings, log, held }))
  const admin = { host: '127.0.0.1', port: adminPorts.edge }
  parts.use(await serveAdmin(admin, { unready: () => undefined, metrics: async () => '' }, routes))
  // Looked at often: tests change files.
  const keyring = parts.use(await openKeyring(namedCertificates(settings), log, 20))
  const fronts = await assembleWorker({ settings, log, parts }, now, alone(held), more.lane, keyring)

  async function ask(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: string,
  ): Promise<Got> {
    const response = await request(`http://127.0.0.1:${port}${path}`, {
      method: method as 'GET',
      headers: { host: HOST, ...headers },
      body: body ?? null,
      dispatcher: client,
    })
    const got = Object.entries(response.headers).map(([name, value]) => [name, String(value)])
    return { status: response.statusCode, headers: Object.fromEntries(got), body: await response.body.text() }
  }

  return {
    port,
    securePort: edge.httpsPort,
    shieldPort,
    get expressAnswers() {
      return fronts.expressAnswers
    },
    get connections() {
      return fronts.connections
    },
    get broken() {
      return fronts.broken
    },
    clock: {
      advanceSeconds(seconds) {
        aheadMs += seconds * 1000
      },
      stand() {
        // As a Date has it, so that nothing is some part of a second old.
        stoodMs = Math.floor(Date.now() / 1000) * 1000
      },
    },
    retire: fronts.retire,
    ask,
    get: (path, headers) => ask('GET', path, headers),
    async invalidate(asked) {
      const body = { distribution: distributionOf(distributions), ...asked }
      const admin = `http://127.0.0.1:${adminPorts.edge}`
      return askNode(admin, { path: '/invalidations', body }, { key, msMax: 10_000 })
    },
    records: (atLeast) => recordsIn(directory, atLeast),
    async [Symbol.asyncDispose]() {
      await client.destroy()
      await parts.disposeAsync()
      await rm(directory, { recursive: true })
    },
  }
}

function distributionOf(distributions: readonly object[]): string {
  const [first] = distributions as readonly { id: string }[]
  return first?.id ?? ''
}

async function recordsIn(
  directory: string,
  atLeast: number,
): Promise<Partial<Record<keyof AccessRecord, string>>[]> {
  const deadlineMs = Date.now() + 5_000
  for (;;) {
    const lines = (await textIn(directory)).split('\n').slice(0, -1)
    if (lines.length >= atLeast || Date.now() > deadlineMs) {
      return lines.map((line) => {
        const values = line.split('\t')
        return Object.fromEntries(RECORD_COLUMNS.map((column, at) => [column, values[at]]))
      })
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function textIn(directory: string): Promise<string> {
  const files = (await readdir(directory)).sort()
  const texts = await Promise.all(
    files.map((file) =>
      // One that has been sealed meanwhile has another name: it is there at the next look.
      readFile(join(directory, file)).then(
        (segment) => linesOf(segment).lines.toString('latin1'),
        () => '',
      ),
    ),
  )
  return texts.join('')
}

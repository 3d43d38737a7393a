import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { z } from 'zod'
import type { Http2Use } from '../../../edge/listen/settings.ts'
import type { edgeSettings } from '../../../edge/settings.ts'
import type { shieldSettings } from '../../../origin-shield/settings.ts'
import { freePort } from '../../free-port.ts'
import { type Cores, startOn } from '../processes.ts'
import { writeCertificate } from './certificate.ts'
import { HOST, type Ports } from './contender.ts'

/** An edge and a shield as programs of their own. */
export interface Tiers extends AsyncDisposable {
  /** Where viewers come in. */
  ports: Ports
  /** Process ids; the edge's worker is a child of it. */
  edge: number
  shield: number
}

/** How an edge and a shield are started. */
export interface TierOptions {
  cores: { edge: Cores; shield: Cores }
  /** Of the edge; one unless said. */
  workers?: number
  cacheBytes: { edge: number; shield: number }
  /** What speaks HTTP/2 in the edge. */
  http2?: Http2Use | undefined
  /** For Node.js, of all processes. */
  nodeOptions?: readonly string[]
}

type Origin = z.input<typeof shieldSettings>['distributions'][number]['origins'][number]

/** Starts an edge, and the shield behind it. @param folder for their settings and the log */
export async function startTiers(
  origin: Origin,
  folder: string,
  { cores, workers = 1, cacheBytes, http2, nodeOptions = [] }: TierOptions,
): Promise<Tiers> {
  const common = { node: 'bench', key: randomBytes(32).toString('hex'), logLevel: 'error' as const }
  const ports = { http: await freePort(), https: await freePort() }
  const shieldPort = await freePort()
  const site = { id: 'bench', aliases: [HOST] }
  const certificate = await writeCertificate(folder)

  const shield: z.input<typeof shieldSettings> = {
    ...common,
    cacheBytes: cacheBytes.shield,
    admin: { port: await freePort() },
    listen: { port: shieldPort },
    distributions: [{ ...site, origins: [origin] }],
  }
  const edge: z.input<typeof edgeSettings> = {
    ...common,
    cacheBytes: cacheBytes.edge,
    admin: { port: await freePort() },
    host: '127.0.0.1',
    httpPort: ports.http,
    httpsPort: ports.https,
    tls: { cert: certificate.cert, key: certificate.key },
    workers,
    ...(http2 && { http2 }),
    limits: { connectionsPerAddressMax: 50_000 },
    shields: [`http://127.0.0.1:${shieldPort}`],
    spool: { directory: join(folder, 'spool') },
    distributions: [site],
  }

  const parts = new AsyncDisposableStack()
  const start = (main: string, settings: object, on: Cores) => {
    const file = join(folder, `settings-${main.split('/').at(-2)}.json`)
    writeFileSync(file, JSON.stringify(settings), { mode: 0o600 })
    const path = fileURLToPath(new URL(main, import.meta.url))
    return parts.use(startOn(on, [process.execPath, ...nodeOptions, path, '--settings', file])).pid
  }
  return {
    ports,
    shield: start('../../../origin-shield/main.ts', shield, cores.shield),
    edge: start('../../../edge/main.ts', edge, cores.edge),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

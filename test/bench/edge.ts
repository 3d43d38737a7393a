import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { z } from 'zod'
import type { edgeSettings } from '../../edge/settings.ts'
import type { shieldSettings } from '../../origin-shield/settings.ts'
import { freePort } from '../free-port.ts'
import { type Contender, HOST, type Stand } from './contender.ts'
import { startOn } from './processes.ts'

const CACHE_BYTES = 64 * 1_048_576

/**
 * Our edge with one worker, and the shield behind it, all on one core. The access log goes to the spool
 * on disk; no collector takes it from there, as nobody takes nginx's.
 */
export async function startEdge({ originPort, folder, core }: Stand): Promise<Contender> {
  const origin = { id: 'origin', http: { url: `http://127.0.0.1:${originPort}` } }
  const { port, edge, shield, ...parts } = await startTiers(origin, folder, { edge: core, shield: core })
  return {
    name: 'Selvedge edge',
    version: `Node ${process.versions.node}`,
    port,
    pids: [shield, edge],
    ...parts,
  }
}

/** An edge and a shield as programs of their own. */
export interface Tiers extends AsyncDisposable {
  /** Where viewers come in. */
  port: number
  /** Process ids; the edge's worker is a child of it. */
  edge: number
  shield: number
}

type Origin = z.input<typeof shieldSettings>['distributions'][number]['origins'][number]

/** Starts an edge with one worker, and the shield behind it. @param folder for their settings and the log */
export async function startTiers(
  origin: Origin,
  folder: string,
  cores: { edge: number; shield: number },
): Promise<Tiers> {
  const common = { node: 'bench', key: randomBytes(32).toString('hex'), cacheBytes: CACHE_BYTES }
  const quiet = { logLevel: 'error' as const }
  const [port, shieldPort] = [await freePort(), await freePort()]
  const site = { id: 'bench', aliases: [HOST] }

  const shield: z.input<typeof shieldSettings> = {
    ...common,
    ...quiet,
    admin: { port: await freePort() },
    listen: { port: shieldPort },
    distributions: [{ ...site, origins: [origin] }],
  }
  const edge: z.input<typeof edgeSettings> = {
    ...common,
    ...quiet,
    admin: { port: await freePort() },
    host: '127.0.0.1',
    httpPort: port,
    httpsPort: await freePort(),
    workers: 1,
    shields: [`http://127.0.0.1:${shieldPort}`],
    spool: { directory: join(folder, 'spool') },
    distributions: [site],
  }

  const parts = new AsyncDisposableStack()
  const start = (main: string, settings: object, core: number) => {
    const file = join(folder, `settings-${main.split('/').at(-2)}.json`)
    writeFileSync(file, JSON.stringify(settings), { mode: 0o600 })
    const path = fileURLToPath(new URL(main, import.meta.url))
    return parts.use(startOn(core, [process.execPath, path, '--settings', file])).pid
  }
  return {
    port,
    shield: start('../../origin-shield/main.ts', shield, cores.shield),
    edge: start('../../edge/main.ts', edge, cores.edge),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

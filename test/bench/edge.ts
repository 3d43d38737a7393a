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
  const common = { node: 'bench', key: randomBytes(32).toString('hex'), cacheBytes: CACHE_BYTES }
  const quiet = { logLevel: 'warn' as const }
  const [port, shieldPort] = [await freePort(), await freePort()]
  const site = { id: 'bench', aliases: [HOST] }

  const shield: z.input<typeof shieldSettings> = {
    ...common,
    ...quiet,
    admin: { port: await freePort() },
    listen: { port: shieldPort },
    distributions: [
      { ...site, origins: [{ id: 'origin', http: { url: `http://127.0.0.1:${originPort}` } }] },
    ],
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
  const programs = [
    { main: '../../origin-shield/main.ts', settings: shield },
    { main: '../../edge/main.ts', settings: edge },
  ].map(({ main, settings }, at) => {
    const file = join(folder, `settings-${at}.json`)
    writeFileSync(file, JSON.stringify(settings), { mode: 0o600 })
    const path = fileURLToPath(new URL(main, import.meta.url))
    return parts.use(startOn(core, [process.execPath, path, '--settings', file]))
  })
  return {
    name: 'Selvedge edge',
    version: `Node ${process.versions.node}`,
    port,
    pids: programs.map(({ pid }) => pid),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { selfSignedCertificate } from '../../deploy/certificate.ts'
import { freePort } from '../free-port.ts'
import { type Contender, HOST, type Stand } from './contender.ts'
import { startOn } from './processes.ts'
import { findTool, ToolMissing } from './tools.ts'

const CACHE_MEGABYTES = 64

/** nginx with `proxy_cache`, one worker, tuned as `peers/nginx.conf` says. @throws ToolMissing */
export async function startNginx({ originPort, folder, core }: Stand): Promise<Contender> {
  const nginx = findTool('nginx')
  if (nginx === undefined) throw new ToolMissing('nginx', 'the peer to compare with', 'nginx')
  const port = await freePort()
  const cacheFolder = join(folder, 'memory')
  mkdirSync(cacheFolder)
  mountMemory(cacheFolder)
  const certificate = await selfSignedCertificate([HOST], folder)
  writeFileSync(join(folder, 'cert.pem'), certificate.cert)
  writeFileSync(join(folder, 'key.pem'), certificate.key, { mode: 0o600 })

  const configuration = filledIn({
    DIR: folder,
    FAST: cacheFolder,
    PORT: port,
    TLS_PORT: await freePort(),
    ORIGIN_PORT: originPort,
    LOG: join(folder, 'access.log'),
    CERT: join(folder, 'cert.pem'),
    KEY: join(folder, 'key.pem'),
    CACHE_MB: CACHE_MEGABYTES,
  })
  const file = join(folder, 'nginx.conf')
  writeFileSync(file, configuration)
  const server = startOn(core, [nginx, '-c', file, '-p', folder, '-e', join(folder, 'error.log')])
  return {
    name: 'nginx `proxy_cache`',
    version: versionOf(nginx),
    port,
    pids: [server.pid],
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]()
      spawnSync('umount', [cacheFolder])
    },
  }
}

/** Its cache on tmpfs. Where we may not mount one, the page cache holds what is asked for all the time anyway. */
function mountMemory(folder: string): void {
  spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${2 * CACHE_MEGABYTES}m`, 'none', folder])
}

function filledIn(values: Record<string, string | number>): string {
  const template = readFileSync(new URL('peers/nginx.conf', import.meta.url), 'utf8')
  return template.replace(/@([A-Z_]+)@/g, (_, name: string) => {
    const value = values[name]
    if (value === undefined) throw new Error(`peers/nginx.conf: nobody fills in @${name}@`)
    return String(value)
  })
}

/** As `nginx 1.22.1`; it says so on standard error. */
function versionOf(nginx: string): string {
  const said = execFileSync('sh', ['-c', '"$0" -v 2>&1', nginx], { encoding: 'utf8' })
  return `nginx ${/nginx\/(\S+)/.exec(said)?.[1] ?? 'of unknown version'}`
}

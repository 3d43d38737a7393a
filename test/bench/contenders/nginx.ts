import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../free-port.ts'
import { startOn } from '../processes.ts'
import { findTool, ToolMissing } from '../tools.ts'
import { writeCertificate } from './certificate.ts'
import { CACHE_MEGABYTES, type Contender, type Stand } from './contender.ts'
import { fillIn } from './fill-in.ts'

/** nginx with `proxy_cache`, one worker, tuned as `peers/nginx.conf` says. @throws ToolMissing */
export async function startNginx({ originPort, folder, core }: Stand): Promise<Contender> {
  const nginx = findTool('nginx')
  if (nginx === undefined) throw new ToolMissing('nginx', 'the peer to compare with', 'nginx')
  const ports = { http: await freePort(), https: await freePort() }
  const cacheFolder = join(folder, 'memory')
  mkdirSync(cacheFolder)
  mountMemory(cacheFolder)
  const certificate = await writeCertificate(folder)

  const file = join(folder, 'nginx.conf')
  fillIn('nginx.conf', file, {
    DIR: folder,
    FAST: cacheFolder,
    PORT: ports.http,
    TLS_PORT: ports.https,
    ORIGIN_PORT: originPort,
    LOG: join(folder, 'access.log'),
    CERT: certificate.cert,
    KEY: certificate.key,
    CACHE_MB: CACHE_MEGABYTES,
  })
  const server = startOn(core, [nginx, '-c', file, '-p', folder, '-e', join(folder, 'error.log')])
  return {
    id: 'nginx',
    name: 'nginx `proxy_cache`',
    version: versionOf(nginx),
    ports,
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

/** It says so on standard error. */
function versionOf(nginx: string): string {
  const said = execFileSync('sh', ['-c', '"$0" -v 2>&1', nginx], { encoding: 'utf8' })
  return /nginx\/(\S+)/.exec(said)?.[1] ?? 'of unknown version'
}

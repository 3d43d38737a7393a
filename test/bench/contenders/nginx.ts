import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { freePort } from '../../free-port.ts'
import { startOn } from '../processes.ts'
import { findTool, ToolMissing } from '../tools.ts'
import { writeCertificate } from './certificate.ts'
import { CACHE_MEGABYTES, type Contender, type Stand } from './contender.ts'
import { fillIn } from './fill-in.ts'
import { memoryFolder } from './memory-folder.ts'

/** nginx with `proxy_cache`, one worker, tuned as `peers/nginx.conf` says. @throws ToolMissing */
export async function startNginx({ originPort, folder, core }: Stand): Promise<Contender> {
  const nginx = findTool('nginx')
  if (nginx === undefined) throw new ToolMissing('nginx', 'the peer to compare with', 'nginx')
  const ports = { http: await freePort(), https: await freePort() }
  const parts = new AsyncDisposableStack()
  const memory = parts.use(memoryFolder(folder))
  const certificate = await writeCertificate(folder)

  const file = join(folder, 'nginx.conf')
  fillIn('nginx.conf', file, {
    DIR: folder,
    FAST: memory.path,
    PORT: ports.http,
    TLS_PORT: ports.https,
    ORIGIN_PORT: originPort,
    LOG: join(folder, 'access.log'),
    CERT: certificate.cert,
    KEY: certificate.key,
    CACHE_MB: CACHE_MEGABYTES,
  })
  const command = [nginx, '-c', file, '-p', folder, '-e', join(folder, 'error.log')]
  const server = parts.use(startOn(core, command))
  return {
    id: 'nginx',
    name: 'nginx `proxy_cache`',
    version: versionOf(nginx),
    ports,
    pids: [server.pid],
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

/** It says so on standard error. */
function versionOf(nginx: string): string {
  const said = execFileSync('sh', ['-c', '"$0" -v 2>&1', nginx], { encoding: 'utf8' })
  return /nginx\/(\S+)/.exec(said)?.[1] ?? 'of unknown version'
}

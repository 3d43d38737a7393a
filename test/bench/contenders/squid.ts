import { execFileSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../free-port.ts'
import { startOn } from '../processes.ts'
import { findTool, ToolMissing } from '../tools.ts'
import { writeCertificate } from './certificate.ts'
import { CACHE_MEGABYTES, type Contender, type Stand } from './contender.ts'
import { fillIn } from './fill-in.ts'

/** Squid as an accelerator, one process, its cache in memory. @throws ToolMissing */
export async function startSquid({ originPort, folder, core }: Stand): Promise<Contender> {
  const squid = findTool('squid')
  if (squid === undefined) throw new ToolMissing('squid', 'a peer', 'squid')
  const ports = { http: await freePort(), https: await freePort() }
  const { cert, key } = await writeCertificate(folder)
  const file = join(folder, 'squid.conf')
  fillIn('squid.conf', file, {
    DIR: folder,
    PORT: ports.http,
    TLS_PORT: ports.https,
    ORIGIN_PORT: originPort,
    LOG: join(folder, 'access.log'),
    CERT: cert,
    KEY: key,
    CACHE_MB: CACHE_MEGABYTES,
  })
  chmodSync(folder, 0o777) // it refuses to stay root, and writes its logs as somebody else
  const server = startOn(core, [squid, '--foreground', '-f', file], { errors: join(folder, 'error.log') })
  const said = execFileSync(squid, ['-v'], { encoding: 'utf8' })
  return {
    id: 'squid',
    name: 'Squid',
    version: /Version ([\d.]+)/.exec(said)?.[1] ?? 'of unknown version',
    ports,
    pids: [server.pid],
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

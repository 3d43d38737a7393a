import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { freePort } from '../../free-port.ts'
import { startOn } from '../processes.ts'
import { findTool, ToolMissing } from '../tools.ts'
import { writeCertificate } from './certificate.ts'
import { CACHE_MEGABYTES, type Contender, type Stand } from './contender.ts'
import { fillIn } from './fill-in.ts'

/** HAProxy with its small-object cache, one thread. @throws ToolMissing */
export async function startHaproxy({ originPort, folder, core }: Stand): Promise<Contender> {
  const haproxy = findTool('haproxy')
  if (haproxy === undefined) throw new ToolMissing('haproxy', 'a peer', 'haproxy')
  const ports = { http: await freePort(), https: await freePort() }
  const file = join(folder, 'haproxy.cfg')
  fillIn('haproxy.cfg', file, {
    PORT: ports.http,
    TLS_PORT: ports.https,
    ORIGIN_PORT: originPort,
    PEM: (await writeCertificate(folder)).pem,
    CACHE_MB: CACHE_MEGABYTES,
  })
  // It logs to standard output, which is its access log here.
  const server = startOn(core, [haproxy, '-db', '-f', file], {
    output: join(folder, 'access.log'),
    errors: join(folder, 'error.log'),
  })
  const said = execFileSync(haproxy, ['-v'], { encoding: 'utf8' })
  return {
    id: 'haproxy',
    name: 'HAProxy',
    version: /version ([\d.]+)/.exec(said)?.[1] ?? 'of unknown version',
    ports,
    pids: [server.pid],
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

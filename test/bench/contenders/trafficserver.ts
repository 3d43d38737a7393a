import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../free-port.ts'
import { startOn } from '../processes.ts'
import { findTool, ToolMissing } from '../tools.ts'
import { writeCertificate } from './certificate.ts'
import { CACHE_MEGABYTES, type Contender, type Stand } from './contender.ts'
import { fillIn } from './fill-in.ts'
import { memoryFolder } from './memory-folder.ts'

/** Apache Traffic Server, one thread for its events. @throws ToolMissing */
export async function startTrafficServer({ originPort, folder, core }: Stand): Promise<Contender> {
  const server = findTool('traffic_server')
  if (server === undefined) throw new ToolMissing('traffic_server', 'a peer', 'trafficserver')
  const ports = { http: await freePort(), https: await freePort() }
  await writeCertificate(folder)
  const values = { PORT: ports.http, TLS_PORT: ports.https, CACHE_MB: CACHE_MEGABYTES, CERTS: folder }
  const parts = new AsyncDisposableStack()
  const memory = parts.use(memoryFolder(folder))
  const folders = { sysconfdir: 'etc', localstatedir: 'var', runtimedir: 'run', logdir: 'log' }
  for (const name of Object.values(folders)) mkdirSync(join(folder, name))
  const write = (name: string, lines: string) => writeFileSync(join(folder, name), `${lines}\n`)
  for (const name of ['records.config', 'logging.yaml']) {
    fillIn(`trafficserver/${name}`, join(folder, 'etc', name), values)
  }
  write('etc/remap.config', `map / http://127.0.0.1:${originPort}/`)
  write('etc/storage.config', `${memory.path} ${CACHE_MEGABYTES}M`)
  write('etc/ip_allow.yaml', 'ip_allow: [{ apply: in, ip_addrs: 127.0.0.1, action: allow, methods: ALL }]')
  write('etc/ssl_multicert.config', 'dest_ip=* ssl_cert_name=cert.pem ssl_key_name=key.pem')
  write(
    'runroot.yaml',
    Object.entries({ prefix: '', exec_prefix: '', ...folders })
      .map(([key, name]) => `${key}: ${join(folder, name)}`)
      .concat('bindir: /usr/bin', 'sbindir: /usr/bin', 'libexecdir: /usr/lib/trafficserver/modules')
      .join('\n'),
  )
  const command = [server, `--run-root=${join(folder, 'runroot.yaml')}`]
  const { pid } = parts.use(startOn(core, command, { errors: join(folder, 'error.log') }))
  const said = execFileSync('sh', ['-c', '"$0" -V 2>&1', server], { encoding: 'utf8' })
  return {
    id: 'trafficserver',
    name: 'Traffic Server',
    version: /Traffic Server ([\d.]+)/.exec(said)?.[1] ?? 'of unknown version',
    ports,
    pids: [pid],
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { freePort } from '../../free-port.ts'
import { startOn, untilAnswered } from '../processes.ts'
import { findTool, ToolMissing } from '../tools.ts'
import { writeCertificate } from './certificate.ts'
import { CACHE_MEGABYTES, type Contender, type Stand } from './contender.ts'
import { fillIn } from './fill-in.ts'

/** What the other logs have of a request, too. */
const LOG_FORMAT =
  '%h - - %t "%r" %s %b "%{Referer}i" "%{User-Agent}i" %{Varnish:time_firstbyte}x %{Varnish:hitmiss}x'

const PARAMETERS = [
  // One pool of threads, which wait for work rather than be started for it.
  ...['thread_pools=1', 'thread_pool_min=200', 'thread_pool_max=2000'],
  // What hitch agrees on.
  'feature=+http2',
  // For one large object many small ones have to go; at 50, as it comes, it would fail to be fetched.
  'nuke_limit=10000',
]

/** Varnish, with varnishncsa for its log, and hitch for TLS where there is one. @throws ToolMissing */
export async function startVarnish({ originPort, folder, core }: Stand): Promise<Contender> {
  const varnish = findTool('varnishd')
  const ncsa = findTool('varnishncsa')
  if (varnish === undefined || ncsa === undefined) throw new ToolMissing('varnishd', 'a peer', 'varnish')
  const ports = { http: await freePort(), https: await freePort() }
  const vcl = join(folder, 'varnish.vcl')
  fillIn('varnish.vcl', vcl, { ORIGIN_PORT: originPort })

  const parts = new AsyncDisposableStack()
  const errors = join(folder, 'error.log')
  const start = (command: readonly string[]) => parts.use(startOn(core, command, { errors })).pid
  const socket = join(folder, 'v.sock')
  const at = join(folder, 'varnish')
  const pids = [
    start([
      ...[varnish, '-F', '-n', at, '-f', vcl, '-j', 'none', '-T', 'none'],
      ...[
        '-a',
        `127.0.0.1:${ports.http}`,
        '-a',
        `${socket},PROXY,mode=666`,
        '-s',
        `malloc,${CACHE_MEGABYTES}m`,
      ],
      ...PARAMETERS.flatMap((parameter) => ['-p', parameter]),
    ]),
    start([ncsa, '-n', at, '-t', '20', '-w', join(folder, 'access.log'), '-F', LOG_FORMAT]),
  ]
  const hitch = findTool('hitch')
  if (hitch !== undefined) {
    const file = join(folder, 'hitch.conf')
    const { pem } = await writeCertificate(folder)
    fillIn('hitch.conf', file, { DIR: folder, TLS_PORT: ports.https, PEM: pem })
    pids.push(start([hitch, `--config=${file}`]))
  }
  return {
    id: 'varnish',
    name: hitch === undefined ? 'Varnish' : 'Varnish, hitch',
    version: await untilAnswered(async () => versionOf(varnish)),
    ports,
    pids,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

/** It says so on standard error. */
function versionOf(varnish: string): string {
  const said = execFileSync('sh', ['-c', '"$0" -V 2>&1', varnish], { encoding: 'utf8' })
  return /varnish-([\d.]+)/.exec(said)?.[1] ?? 'of unknown version'
}

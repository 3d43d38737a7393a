import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { freePort } from '../../free-port.ts'
import { bodyOf } from '../origin.ts'
import { startOn } from '../processes.ts'
import { findTool, ToolMissing } from '../tools.ts'
import { writeCertificate } from './certificate.ts'
import type { Contender, Stand } from './contender.ts'
import { fillIn } from './fill-in.ts'
import { memoryFolder } from './memory-folder.ts'

/** h2o, one thread, with the origin's bodies as files: a cache it has none. @throws ToolMissing */
export async function startH2o({ asks, folder, core }: Stand): Promise<Contender> {
  const h2o = findTool('h2o')
  if (h2o === undefined) throw new ToolMissing('h2o', 'a peer', 'h2o')
  const ports = { http: await freePort(), https: await freePort() }
  const parts = new AsyncDisposableStack()
  const memory = parts.use(memoryFolder(folder))
  for (const path of [asks.path, '/1024/up']) {
    const file = join(memory.path, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, bodyOf(path))
  }
  const { cert, key } = await writeCertificate(folder)
  const file = join(folder, 'h2o.conf')
  fillIn('h2o.conf', file, {
    DIR: folder,
    FILES: memory.path,
    LOG: join(folder, 'access.log'),
    PORT: ports.http,
    TLS_PORT: ports.https,
    CERT: cert,
    KEY: key,
  })
  const server = parts.use(startOn(core, [h2o, '-c', file], { errors: join(folder, 'error.log') }))
  const said = execFileSync(h2o, ['--version'], { encoding: 'utf8' })
  return {
    id: 'h2o',
    name: 'h2o, files',
    version: /version ([\d.]+)/.exec(said)?.[1] ?? 'of unknown version',
    ports,
    pids: [server.pid],
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

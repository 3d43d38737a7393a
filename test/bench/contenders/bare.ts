import { fileURLToPath } from 'node:url'
import { freePort } from '../../free-port.ts'
import { startOn } from '../processes.ts'
import { writeCertificate } from './certificate.ts'
import type { Contender, Stand } from './contender.ts'

/** The yardstick: what sockets of Node can do when all else is left out. */
export async function startBare({ asks, folder, core }: Stand): Promise<Contender> {
  const ports = { http: await freePort(), https: await freePort() }
  const { cert, key } = await writeCertificate(folder)
  const program = fileURLToPath(new URL('bare-responder.ts', import.meta.url))
  const told = JSON.stringify({ asks, ports, cert, key })
  const server = startOn(core, [process.execPath, program, told])
  return {
    id: 'bare',
    name: 'bare `node:net`',
    version: `Node ${process.versions.node}`,
    ports,
    pids: [server.pid],
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

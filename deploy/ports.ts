import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'

/** Ports on loopback that our programs use among themselves when the configuration names none. */
const PREFERRED = {
  shield: 8091,
  collector: 8092,
  thumbnailer: 8093,
  edgeAdmin: 8094,
  shieldAdmin: 8095,
  analyticsAdmin: 8096,
  thumbnailerAdmin: 8097,
  demoBucket: 8098,
} as const

export type InternalPort = keyof typeof PREFERRED

/**
 * Chooses the internal ports: as configured; else the preferred ones for the machine's first Selvedge,
 * the one with viewers' usual port; else any that are free, so that several can start side by side.
 * Viewers' ports are never chosen for the operator.
 *
 * @param isFirst whether to try the preferred ones
 */
export async function internalPorts(
  configured: Partial<Record<InternalPort, number | undefined>>,
  { isFirst }: { isFirst: boolean },
): Promise<Record<InternalPort, number>> {
  const chosen = {} as Record<InternalPort, number>
  for (const name of Object.keys(PREFERRED) as InternalPort[]) {
    const preferred = isFirst ? await freePort(PREFERRED[name]) : undefined
    chosen[name] = configured[name] ?? preferred ?? (await anyFreePort(Object.values(chosen)))
  }
  return chosen
}

/** Writes the ports down under the data directory, for the commands that talk to what runs. */
export function rememberPorts(data: string, ports: Record<InternalPort, number>): void {
  writeFileSync(join(data, 'ports.json'), `${JSON.stringify(ports)}\n`)
}

/** The ports of what runs, or ran last, on a data directory; `undefined` for one where nothing did. */
export function rememberedPorts(data: string): Record<InternalPort, number> | undefined {
  const file = join(data, 'ports.json')
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
}

/**
 * Below those that systems take for outgoing connections: one of these could have the port before the program
 * does for which it was found free. For the same reason each process looks in a place of its own first: two
 * that start together would find the same port free.
 */
const FIRST_PORT = 23_000
const LAST_PORT = 32_000
const PLACE = 16

async function anyFreePort(taken: readonly number[]): Promise<number> {
  const count = LAST_PORT - FIRST_PORT
  for (let step = 0; step < count; step++) {
    const port = FIRST_PORT + ((process.pid * PLACE + step) % count)
    if (!taken.includes(port) && (await freePort(port)) !== undefined) return port
  }
  throw new Error(
    `no port from ${FIRST_PORT} to ${LAST_PORT - 1} of 127.0.0.1 is free: name the internal ports in the configuration`,
  )
}

async function freePort(port: number): Promise<number | undefined> {
  const probe = createServer()
  try {
    probe.listen({ host: '127.0.0.1', port })
    await once(probe, 'listening')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined
    throw error
  }
  const { port: free } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return free
}

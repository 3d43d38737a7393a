import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'

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
 * Chooses the internal ports: as configured, else the preferred one, else (when somebody has that,
 * a second Selvedge say) any free one. Viewers' ports are never chosen for the operator.
 */
export async function internalPorts(
  configured: Partial<Record<InternalPort, number | undefined>>,
): Promise<Record<InternalPort, number>> {
  const chosen = {} as Record<InternalPort, number>
  for (const name of Object.keys(PREFERRED) as InternalPort[]) {
    chosen[name] = configured[name] ?? (await freePort(PREFERRED[name])) ?? (await freePort(0)) ?? 0
  }
  return chosen
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

import { type Candidate, HOST } from './contenders/contender.ts'
import { type Line, openLine } from './load/line.ts'
import { wrkOn } from './load/wrk.ts'
import { memoryBytes } from './processes.ts'
import type { IdleScenario } from './scenarios.ts'
import { type Place, startContenders } from './start-contenders.ts'

/** What an idle connection takes of one contender's memory. */
export interface IdleMemory {
  contender: { id: string; name: string; version: string }
  bytes: number
}

/** So many connections are opened at a time. */
const AT_ONCE = 64
/** After the last answer, until memory is read, ms. */
const SETTLED_MS = 1_000

/**
 * Memory of connections that wait after one request each, as what `connections` of them add to as many others:
 * pools and heaps that are there for the first ones are no matter of each. What the kernel keeps for a socket
 * doesn't count; it is the same for all.
 */
export async function measureIdle(
  scenario: IdleScenario,
  candidates: readonly Candidate[],
  place: Place,
): Promise<{ memory: readonly IdleMemory[]; leftOut: readonly string[] }> {
  const asks = { over: scenario.idleOver, path: '/1024/hit' }
  await using field = await startContenders({ id: scenario.id, asks }, candidates, place)
  const warm = wrkOn(asks, { connections: AT_ONCE }, { core: place.ground.loadCore, folder: place.folder })
  const memory: IdleMemory[] = []
  for (const { id, name, version, ports, pids } of field.contenders) {
    using parts = new DisposableStack()
    const lines: Line[] = []
    const more = async () => {
      for (let opened = 0; opened < scenario.connections; opened += AT_ONCE) {
        const batch = Math.min(AT_ONCE, scenario.connections - opened)
        const opening = Array.from({ length: batch }, () => parts.use(openLine(ports, scenario.idleOver)))
        lines.push(...opening)
        await Promise.all(opening.map(askOnce))
      }
      await new Promise((resolve) => setTimeout(resolve, SETTLED_MS))
      return memoryBytes(pids)
    }
    try {
      await warm({ ports, seconds: 1, from: 0 })
      const before = await more()
      const bytes = ((await more()) - before) / scenario.connections
      if (!lines.every(({ isOpen }) => isOpen)) throw new Error('it closed idle connections')
      memory.push({ contender: { id, name, version }, bytes })
    } catch (error) {
      field.leftOut.push(`${id} failed (${(error as Error).message})`)
    }
  }
  return { memory, leftOut: field.leftOut }
}

/** @throws when it isn't answered */
async function askOnce(line: Line): Promise<void> {
  const { status } = await line.ask(`GET /1024/hit HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`)
  if (status !== 200) throw new Error(`an answer had status ${status}`)
}

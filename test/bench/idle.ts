import { type Candidate, HOST, type Ports } from './contenders/contender.ts'
import { h2loadOn } from './load/h2load.ts'
import { openLine } from './load/line.ts'
import { openSession } from './load/session.ts'
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
const PATH = '/1024/hit'
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
  const over = scenario.idleOver
  const asks = { over, path: PATH }
  await using field = await startContenders({ id: scenario.id, asks }, candidates, place)
  const where = { core: place.ground.loadCore, folder: place.folder }
  const warm =
    over === 'h2'
      ? h2loadOn(asks, { connections: AT_ONCE, streams: 1 }, where)
      : wrkOn(asks, { connections: AT_ONCE }, where)
  const memory: IdleMemory[] = []
  for (const { id, name, version, ports, pids } of field.contenders) {
    using parts = new DisposableStack()
    const idle: Idle[] = []
    const more = async () => {
      for (let opened = 0; opened < scenario.connections; opened += AT_ONCE) {
        const batch = Math.min(AT_ONCE, scenario.connections - opened)
        const opening = Array.from({ length: batch }, () => openIdle(ports, over))
        idle.push(...(await Promise.all(opening)).map((one) => parts.use(one)))
      }
      await new Promise((resolve) => setTimeout(resolve, SETTLED_MS))
      return memoryBytes(pids)
    }
    try {
      await warm({ ports, seconds: 1, from: 0 })
      const before = await more()
      const bytes = ((await more()) - before) / scenario.connections
      if (!idle.every(({ isOpen }) => isOpen)) throw new Error('it closed idle connections')
      memory.push({ contender: { id, name, version }, bytes })
    } catch (error) {
      field.leftOut.push(`${id} failed (${(error as Error).message})`)
    }
  }
  return { memory, leftOut: field.leftOut }
}

/** A connection that waits. Disposing breaks it off. */
interface Idle extends Disposable {
  readonly isOpen: boolean
}

/** A connection on which one request was answered. @throws when it isn't */
async function openIdle(ports: Ports, over: IdleScenario['idleOver']): Promise<Idle> {
  if (over === 'h2') {
    const session = openSession(ports)
    checkStatus(await session.statusOf(PATH))
    return session
  }
  const line = openLine(ports, over)
  checkStatus((await line.ask(`GET ${PATH} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`)).status)
  return line
}

function checkStatus(status: number): void {
  if (status !== 200) throw new Error(`an answer had status ${status}`)
}

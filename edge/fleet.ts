import type { ChildProcess } from 'node:child_process'
import cluster from 'node:cluster'
import { createServer } from 'node:net'
import type { Logger } from 'pino'
import { addressOf, CAN_HOLD, holdPorts } from './listen/held-ports.ts'
import { PortInUse } from './program/errors.ts'
import { type Supervised, supervise } from './program/supervise.ts'
import { type EdgeSettings, viewerPorts, workerStopMsMax } from './settings.ts'

/**
 * Node options of each worker: one a core has no core for helpers. As Node comes, four threads a worker collect garbage and
 * compile beside it, and were what everybody else waited for while a thousand connections began (`npm run show:slow`).
 * So there is one, that compiles and marks, and nobody waits for it: all else of a collection is the worker's own.
 * Without marking beside it misses take longer.
 */
const FEW_HELPERS = [
  '--v8-pool-size=1',
  '--no-concurrent-sweeping',
  '--no-parallel-scavenge',
  '--no-parallel-compaction',
  '--no-parallel-pointer-update',
  '--no-parallel-marking',
]

/** The workers of an edge, which are kept running until this is disposed of. */
export interface Fleet extends AsyncDisposable {
  /** Whether any of them serves. */
  readonly ready: boolean
  /**
   * Puts a new worker in the place of each, and makes them as many as the settings say. Viewers don't notice:
   * a new one listens before the old one stops. One after the other, so that they don't all start at once on
   * cores that are busy; the first that can't start ends it.
   *
   * @throws StartFailed, PortInUse; whoever isn't replaced yet goes on
   */
  renew(settings: EdgeSettings): Promise<void>
}

/** Who wants to know of the workers' comings and goings. */
export interface FleetWatch {
  started(worker: ChildProcess): void
  ended(pid: number): void
}

/**
 * Starts the workers.
 *
 * @throws PortInUse, StartFailed
 */
export async function startFleet(first: EdgeSettings, log: Logger, watch: FleetWatch): Promise<Fleet> {
  let settings = first
  let host = await addressOf(settings.host)
  const places: Place[] = []
  await claimPorts(settings)

  function addPlace(): Place {
    const held = holdPorts()
    const spawn = () => {
      const fds = CAN_HOLD ? held.descriptors({ host, ports: viewerPorts(settings) }) : []
      const execArgv = [...FEW_HELPERS, ...process.execArgv]
      cluster.setupPrimary({
        exec: WORKER,
        execArgv,
        stdio: ['inherit', 'inherit', 'inherit', 'ipc', ...fds],
      })
      const { process: worker } = cluster.fork()
      watch.started(worker)
      return worker
    }
    const worker = supervise({
      name: `edge worker ${places.length + 1}`,
      spawn,
      settings,
      stopMsMax: () => workerStopMsMax(settings),
      log,
      // Else viewers whom the kernel sends to its sockets would wait until it is back.
      lost: held.release,
      ended: watch.ended,
    })
    const place = { worker, release: held.release }
    places.push(place)
    return place
  }

  /** Whatever was held by those that go is let go first: what nobody accepts any more must not wait. */
  async function leave(
    going: readonly Place[],
    how: (worker: Supervised) => PromiseLike<void>,
  ): Promise<void> {
    for (const { release } of going) release()
    await Promise.all(going.map(({ worker }) => how(worker)))
  }

  const stop = (going: readonly Place[]) => leave(going, (worker) => worker[Symbol.asyncDispose]())
  try {
    while (places.length < settings.workers) addPlace()
    await Promise.all(places.map(({ worker }) => worker.started))
  } catch (error) {
    await stop(places)
    throw error
  }

  return {
    get ready() {
      return places.some(({ worker }) => worker.ready)
    },
    async renew(next) {
      await claimPorts(next, settings)
      const before = settings
      const [hostBefore, hostNext] = [host, await addressOf(next.host)]
      settings = next
      host = hostNext
      try {
        for (const { worker } of places.slice(0, next.workers)) await worker.renew(next)
        while (places.length < next.workers) await addPlace().worker.started
      } catch (error) {
        settings = before
        host = hostBefore
        throw error
      }
      // They may take as long as their viewers do.
      void leave(places.splice(next.workers), (worker) => worker.retire())
    },
    [Symbol.asyncDispose]: () => stop(places),
  }
}

/** A worker, or who comes after it, and its sockets. */
interface Place {
  worker: Supervised
  release(): void
}

const WORKER = new URL('worker.ts', import.meta.url).pathname

/**
 * Workers share the ports, so one more process on them would not be noticed: somebody else's is, here.
 *
 * @param ours settings whose ports we have already
 * @throws PortInUse
 */
async function claimPorts(settings: EdgeSettings, ours?: EdgeSettings): Promise<void> {
  const { host } = settings
  const known = ours?.host === host ? viewerPorts(ours).map(({ port }) => port) : []
  for (const { port, purpose, option } of viewerPorts(settings)) {
    if (known.includes(port)) continue
    await new Promise<void>((resolve, reject) => {
      const probe = createServer()
      probe.once('error', (error: NodeJS.ErrnoException) =>
        reject(error.code === 'EADDRINUSE' ? new PortInUse(port, host, purpose, option) : error),
      )
      probe.listen({ host, port }, () => probe.close(() => resolve()))
    })
  }
}

import type { ChildProcess } from 'node:child_process'
import type { HeldInvalidations, HeldSnapshot, Named } from '../cache/invalidation/held-invalidations.ts'
import type { Processes, ProcessState } from './node.ts'

/** How long a worker may take to say that it has applied an invalidation, ms: longer than anything that may hold its event loop up. */
const ANSWER_MS_MAX = 5_000

/** What the first process tells its workers. */
export type ToWorker = {
  invalidation:
    | { all: HeldSnapshot }
    | { sequence: number; named: Named }
    /** Keys that an unsafe method made invalid in another worker. */
    | { dropped: readonly string[] }
}

/** What a worker tells the first process. */
export type FromWorker = {
  invalidation: /** It is about to listen and wants to know all. */
  'wanted' | { applied: number } | { dropped: readonly string[] }
}

/** The workers of this machine, as the first process sees them. */
export interface Workers extends Processes {
  /** Talks with one more worker, until it ends. */
  join(worker: ChildProcess): void
}

/** A worker that has asked for all, and so may listen. */
interface Member {
  pid: number
  applied: number
  ended: boolean
}

/**
 * Tells workers what is invalidated. One that starts asks first, before it listens; from then on
 * messages reach it in order, for as long as it lives, however late it reads them.
 */
export function gatherWorkers(held: HeldInvalidations, answerMsMax = ANSWER_MS_MAX): Workers {
  const members = new Map<ChildProcess, Member>()
  const changed = new EventTarget()

  function received(worker: ChildProcess, { invalidation }: FromWorker): void {
    if (invalidation === 'wanted') {
      members.set(worker, { pid: worker.pid ?? 0, applied: -1, ended: false })
      send(worker, { invalidation: { all: held.snapshot() } })
      return
    }
    if ('dropped' in invalidation) {
      for (const other of members.keys()) if (other !== worker) send(other, { invalidation })
      return
    }
    const member = members.get(worker)
    if (member === undefined) return
    member.applied = Math.max(member.applied, invalidation.applied)
    changed.dispatchEvent(new Event('changed'))
  }

  function tellEach(message: ToWorker): void {
    for (const worker of members.keys()) send(worker, message)
  }

  return {
    join(worker) {
      worker.on('message', (message) => {
        if (isFromWorker(message)) received(worker, message)
      })
      worker.once('exit', () => {
        const member = members.get(worker)
        members.delete(worker)
        if (member === undefined) return
        member.ended = true
        changed.dispatchEvent(new Event('changed'))
      })
    },
    tell: (sequence, named) => tellEach({ invalidation: { sequence, named } }),
    tellAll: (snapshot) => tellEach({ invalidation: { all: snapshot } }),
    async settled(sequence) {
      const awaited = [...members.values()]
      const isSettled = () => awaited.every((member) => member.ended || member.applied >= sequence)
      await whenever(changed, isSettled, answerMsMax)
      return awaited.map((member): ProcessState => ({ pid: member.pid, state: stateOf(member, sequence) }))
    },
  }
}

function stateOf({ ended, applied }: Member, sequence: number): ProcessState['state'] {
  if (applied >= sequence) return 'applied'
  return ended ? 'ended' : 'silent'
}

/** Resolves when something has come true, and in the end anyway. */
async function whenever(changed: EventTarget, isTrue: () => boolean, msMax: number): Promise<void> {
  if (isTrue()) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const look = () => {
    if (isTrue()) resolve()
  }
  const timer = setTimeout(resolve, msMax)
  changed.addEventListener('changed', look)
  await promise
  clearTimeout(timer)
  changed.removeEventListener('changed', look)
}

function send(worker: ChildProcess, message: ToWorker): void {
  // One that is gone is heard of by its 'exit'.
  if (worker.connected) worker.send(message, () => undefined)
}

function isFromWorker(message: unknown): message is FromWorker {
  return typeof message === 'object' && message !== null && 'invalidation' in message
}

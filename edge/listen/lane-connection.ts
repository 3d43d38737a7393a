import type { Socket } from 'node:net'
import type { Asker } from '../answer-from-memory.ts'
import type { Connection } from './connections.ts'
import type { UnderWay } from './long-way.ts'
import type { Outgoing } from './outgoing.ts'
import type { UploadHead } from './small-upload.ts'
import type { ExpectedHit } from './write-hit.ts'

/** A head that is expected again, byte for byte, and its answer. */
export interface Plan extends ExpectedHit {
  bytes: Buffer
}

/** A request whose body is waited for. */
export interface Upload {
  head: UploadHead
  /** When its head was read, by `performance.now()`. */
  startedMs: number
}

/** A connection that the express lane reads, until it hands it over. */
export interface LaneConnection extends Connection, Outgoing {
  straight: Outgoing['straight']
  asker: Asker | undefined
  isOurs: boolean
  hasEnded: boolean
  /** When the first byte of the head that is held came. */
  headSinceMs: number
  /** Stops listening, for somebody else does. */
  leave(): void
  /** Whose body is still coming; its head is in `held`, with what has come of it. */
  upload: Upload | undefined
  /** What is being answered the long way; what comes behind it waits in `held`. */
  underWay: UnderWay | undefined
  /** What was read and not understood yet, or not answered yet because the viewer doesn't read. */
  held: Buffer | undefined
  /** The last head as text: a plan is made only for one that comes twice, for most come once. */
  lastHead: string
  plan: Plan | undefined
}

/** A connection on which nothing was read yet. @param coarseMs now, on `Connections.coarseMs` */
export function newConnection(socket: Socket, coarseMs: number): LaneConnection {
  const c: LaneConnection = {
    socket,
    waitsFor: 'first-head',
    sinceMs: coarseMs,
    taken: 0,
    takenSinceMs: coarseMs,
    straight: undefined,
    asker: undefined,
    isOurs: true,
    hasEnded: false,
    headSinceMs: coarseMs,
    upload: undefined,
    underWay: undefined,
    held: undefined,
    lastHead: '',
    plan: undefined,
    timedOut: nothing,
    leave: nothing,
    // A plan keeps a body in memory, whatever the cache thinks of it.
    forget() {
      c.plan = undefined
      c.lastHead = ''
    },
  }
  return c
}

function nothing(): void {}

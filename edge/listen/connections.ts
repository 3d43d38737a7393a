import { Socket } from 'node:net'
import { fewATurn } from './few-a-turn.ts'
import { takenBytes, waitingBytes } from './node-internals.ts'
import type { ListenLimits } from './settings.ts'

/** How often connections are looked over, ms: their time limits are as coarse as that. */
const SWEEP_MS = 1_000

/** Viewers whose leaving is seen to at each turn of the loop: each takes a tenth of a millisecond or two. */
const LEAVING_A_TURN = 8

/** Nothing that was written still waits for the kernel: no number, and so not the same at two looks. */
const NOTHING_WAITS = Number.NaN

type Destroy = (this: Socket, error: Error | null, done: (error?: Error | null) => void) => void

/** What Node does to close a connection. */
const destroy: Destroy = Socket.prototype._destroy

/** A viewer's connection, as far as time limits go. */
export interface Connection {
  readonly socket: Socket
  /**
   * `idle`, `head` and `body` are for us to watch; node:http has a clock of its own for requests that it reads, and
   * whoever answers one for what it asks.
   */
  waitsFor: 'idle' | 'first-head' | 'head' | 'body' | 'answer' | 'node:http'
  /** When it began to wait, or last did something, on `Connections.coarseMs`. */
  sinceMs: number
  /** Bytes that the kernel had taken at the last look while more waited, and since when it has taken no more. */
  taken: number
  takenSinceMs: number
  /** A head, or the body behind it, has been too long in coming. */
  timedOut(): void
  /** Nothing has been asked for too long, or we stop: there is nothing left to say. */
  forget(): void
}

/** All connections of one worker, counted by address, and watched by one timer for all of them. */
export interface Connections {
  /** Monotonic, ms, as of the last sweep: the clock that costs nothing. */
  readonly coarseMs: number
  /** Counts a connection, unless there are too many: then it is to be closed without a word. */
  admit(address: string, socket: Socket): boolean
  /** Watches a connection until it is closed. */
  watch(connection: Connection): void
  /** Sees to what a viewer who has left leaves undone: at once, but when many leave together a few a turn of the loop. */
  readonly leaving: (work: () => void) => void
  /** Connections that were not admitted. */
  readonly refused: number
  readonly open: number
  /** Whether each connection is to end with its next response. */
  readonly retiring: boolean
  /** Makes it so. Those who ask learn it from that response, so that none is lost on the way. */
  retire(): void
  /** Ends connections on which nothing is under way, nor was a moment ago: the next request may be. */
  closeIdle(): void
  /** Ends all. */
  closeAll(): void
  stop(): void
}

/** What bounds connections, however they are read. */
export type ConnectionLimits = Pick<
  ListenLimits,
  'connectionsMax' | 'connectionsPerAddressMax' | 'headMs' | 'requestMs' | 'idleMs' | 'stallMs'
>

/** Whether a read or a write has failed. */
function isOfTheSystem(error: NodeJS.ErrnoException | null): boolean {
  return error?.syscall !== undefined
}

/** Starts to count and watch connections. */
export function startConnections(limits: ConnectionLimits): Connections {
  const watched = new Set<Connection>()
  const open = new Set<Socket>()
  const byAddress = new Map<string, number>()
  let refused = 0
  let retiring = false
  let coarseMs = performance.now()

  const leaving = fewATurn(LEAVING_A_TURN)

  /**
   * How a connection is closed that broke: when a thousand break in one moment, a few a turn. One that we break off is
   * closed at once, for until then it is read, and requests that come over it are begun.
   */
  const destroyInTurn: Destroy = function (error, done) {
    if (isOfTheSystem(error)) leaving(() => destroy.call(this, error, done))
    else destroy.call(this, error, done)
  }

  const timer = setInterval(() => {
    coarseMs = performance.now()
    for (const connection of watched) look(connection)
  }, SWEEP_MS)
  timer.unref()

  function look(connection: Connection): void {
    if (isStalled(connection)) {
      connection.socket.destroy()
      return
    }
    const waitedMs = coarseMs - connection.sinceMs
    switch (connection.waitsFor) {
      case 'head':
        if (waitedMs > limits.headMs) connection.timedOut()
        return
      case 'body':
        if (waitedMs > limits.requestMs) connection.timedOut()
        return
      case 'first-head':
        if (waitedMs > limits.headMs) connection.socket.destroy()
        return
      case 'idle':
        lookAtIdle(connection, waitedMs)
        return
      case 'answer':
      case 'node:http':
    }
  }

  function lookAtIdle(connection: Connection, waitedMs: number): void {
    if (waitedMs > limits.idleMs && waitingBytes(connection.socket) === 0) connection.socket.destroy()
    else if (waitedMs > SWEEP_MS) connection.forget()
  }

  /** Whoever doesn't read holds what we have to say in memory. */
  function isStalled(connection: Connection): boolean {
    const taken = waitingBytes(connection.socket) === 0 ? NOTHING_WAITS : takenBytes(connection.socket)
    if (taken !== connection.taken) connection.takenSinceMs = coarseMs
    connection.taken = taken
    return coarseMs - connection.takenSinceMs > limits.stallMs
  }

  function release(address: string, socket: Socket): void {
    open.delete(socket)
    const count = (byAddress.get(address) ?? 1) - 1
    if (count === 0) byAddress.delete(address)
    else byAddress.set(address, count)
  }

  return {
    get coarseMs() {
      return coarseMs
    },
    leaving,
    get refused() {
      return refused
    },
    get open() {
      return open.size
    },
    admit(address, socket) {
      const count = byAddress.get(address) ?? 0
      if (open.size >= limits.connectionsMax || count >= limits.connectionsPerAddressMax) {
        refused += 1
        return false
      }
      open.add(socket)
      byAddress.set(address, count + 1)
      socket.on('close', () => release(address, socket))
      return true
    },
    watch(connection) {
      watched.add(connection)
      connection.socket._destroy = destroyInTurn
      connection.socket.on('close', () => watched.delete(connection))
    },
    get retiring() {
      return retiring
    },
    retire() {
      retiring = true
      // What is prepared says that the connection stays open.
      for (const connection of watched) connection.forget()
    },
    closeIdle() {
      for (const { socket, waitsFor, sinceMs } of watched) {
        const isIdle = (waitsFor === 'idle' || waitsFor === 'first-head') && sinceMs < coarseMs
        if (isIdle && waitingBytes(socket) === 0) socket.destroy()
      }
    },
    closeAll() {
      for (const socket of open) socket.destroy()
      for (const { socket } of watched) socket.destroy()
    },
    stop() {
      clearInterval(timer)
    },
  }
}

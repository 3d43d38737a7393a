import type { TLSSocket } from 'node:tls'
import type { Asker } from '../../answer-from-memory.ts'
import type { ListenLimits } from '../settings.ts'
import type { TlsInternals } from '../tls/tls-internals.ts'
import { Allowances } from './allowances.ts'
import { ownSettings } from './control-frames.ts'
import { CODE, type ConnectionError, WINDOW_BYTES } from './frames.ts'
import type { UnfinishedBlock } from './header-block.ts'
import { HpackDecoder } from './hpack/decoder.ts'
import { Leaving } from './leaving.ts'
import { Output, type OutputSink } from './output.ts'
import { PeerSettings } from './peer-settings.ts'
import type { Plan } from './plan.ts'
import { PrioritiesSaid } from './priorities-said.ts'
import { overridden, type Priority } from './priority.ts'
import { ReceiveWindow } from './receive-window.ts'
import { type Ending, Stream, type StreamOwner } from './stream.ts'
import { StreamIds } from './stream-ids.ts'

/** How much of uploads one connection, and one of them, may send before we have read it, bytes. */
const CONNECTION_WINDOW_BYTES = 1_048_576
const STREAM_WINDOW_BYTES = 262_144

/** What may wait of the responses of one connection, bytes, and the least of it that a stream gets. */
const WAITING_BYTES = 262_144
const WAITING_BYTES_MIN = 16_384

const TABLE_BYTES_MAX = 4_096

/** We keep no table (RFC 7541 §6.3), which has to be said where the other side wants a smaller one. */
const NO_TABLE = Buffer.from([0x20])

/** What sessions have in common. */
export interface SessionMeans {
  limits: ListenLimits
  /** Monotonic, ms, as of the last time that connections were looked over. */
  clock: { readonly coarseMs: number }
  /** Whether extended CONNECT is announced (RFC 8441). */
  takesTunnels: boolean
  internals: TlsInternals
  /** Sees to what a stream that was broken off leaves undone: a few a turn of the loop where there are many. */
  leaving(work: () => void): void
  /** Writes answers that need no stream, and returns where they end. */
  writeReady(session: Session, into: Buffer, at: number): number
  /** Begins streams for those answers after all, if that on this stream is among them. */
  beginReady(session: Session, id: number): void
}

/**
 * One HTTP/2 connection (RFC 9113): its streams, how they and it end, and that what is due goes out. What comes in is
 * read by `incoming.ts`; what is asked and answered is the business of `http2.ts`.
 */
export class Session implements StreamOwner, OutputSink {
  readonly socket: TLSSocket
  readonly limits: ListenLimits
  readonly takesTunnels: boolean
  readonly output: Output
  readonly streams = new Map<number, Stream>()
  readonly ids = new StreamIds()
  readonly peer = new PeerSettings()
  readonly decoder: HpackDecoder
  readonly receiveWindow = new ReceiveWindow(CONNECTION_WINDOW_BYTES)
  readonly allowances: Allowances
  readonly priorities: PrioritiesSaid
  /** How it ends. */
  readonly leaving = new Leaving()
  readonly beganMs: number
  /** Whether the other side has acknowledged what we say of ourselves (RFC 9113 §6.5.3). */
  settingsAreTaken = false
  /** When bytes were last read, monotonic, ms. */
  nowMs: number
  /** Requests so far, and when the last of `streams` ended, on the coarse clock. */
  asked = 0
  idleSinceMs: number
  /** Who asks, once that was looked up; and the last hit, which may be asked for in the same words. */
  asker: Asker | undefined
  plan: Plan | undefined
  /** A header block that isn't whole. */
  unfinished: UnfinishedBlock | undefined

  readonly #means: SessionMeans
  #isBroken = false

  constructor(socket: TLSSocket, means: SessionMeans) {
    const { limits, clock, takesTunnels, internals } = means
    this.socket = socket
    this.limits = limits
    this.takesTunnels = takesTunnels
    this.#means = means
    this.nowMs = performance.now()
    this.beganMs = this.nowMs
    this.idleSinceMs = clock.coarseMs
    this.allowances = new Allowances(limits, this.nowMs)
    this.priorities = new PrioritiesSaid(limits.streamsMax)
    this.decoder = new HpackDecoder(TABLE_BYTES_MAX, limits.headerListBytesMax, limits.headerFieldsMax)
    this.output = new Output(socket, this, internals)
    const { streamsMax, headerListBytesMax } = limits
    const streamWindowBytes = STREAM_WINDOW_BYTES
    const { control } = this.output
    control.settings(ownSettings({ streamsMax, streamWindowBytes, headerListBytesMax, takesTunnels }))
    control.windowUpdate(0, CONNECTION_WINDOW_BYTES - WINDOW_BYTES)
    this.output.flush()
  }

  // Streams.

  /** A request has come, whether or not a stream is begun for it. */
  begin(id: number): void {
    this.ids.begin(id)
    this.asked += 1
    this.idleSinceMs = this.#means.clock.coarseMs
  }

  /** A stream that is under way, that of a hit too which was asked for in what is being read, and needs none as a rule. */
  streamOf(id: number): Stream | undefined {
    const stream = this.streams.get(id)
    if (stream !== undefined) return stream
    this.#means.beginReady(this, id)
    return this.streams.get(id)
  }

  /** Begins a stream, unless there are too many: then it is refused, and may be asked for again (§5.1.2, §8.7). */
  open(id: number, endsStream: boolean, priority: Priority): Stream | undefined {
    if (this.streams.size >= this.limits.streamsMax) {
      this.refuse(id, CODE.refusedStream)
      return undefined
    }
    const stream = new Stream(this, id, {
      priority,
      sendWindow: this.peer.windowBytes,
      receiveWindow: STREAM_WINDOW_BYTES,
      hasRequest: endsStream,
      coarseMs: this.#means.clock.coarseMs,
    })
    this.streams.set(id, stream)
    return stream
  }

  /** All of a request has come. */
  requestEnds(stream: Stream): void {
    const { lengthAnnounced, lengthReceived } = stream
    // What is shorter than was said is malformed (§8.1.1).
    if (lengthAnnounced !== undefined && lengthAnnounced !== lengthReceived) {
      this.fault(stream, CODE.protocolError)
      return
    }
    stream.hasRequest = true
    stream.requestTimedOut = undefined
    stream.body?.finish()
    if (stream.hasResponse) this.close(stream, 'whole')
  }

  /** A stream's own error, of the other side's making (§5.4.2). */
  fault(stream: Stream, code: number): void {
    this.allowances.countReset(this.nowMs)
    this.reset(stream, code)
    this.allowances.boundAnswers(this.output.control.byteLength)
  }

  /** The same of a stream that isn't kept. */
  refuse(id: number, code: number): void {
    this.allowances.countReset(this.nowMs)
    this.ids.reset(id)
    this.output.control.resetStream(id, code)
    this.allowances.boundAnswers(this.output.control.byteLength)
  }

  reset(stream: Stream, code: number): void {
    if (!stream.hasRequest) this.ids.reset(stream.id)
    this.output.control.resetStream(stream.id, code)
    this.close(stream, 'reset')
  }

  close(stream: Stream, ending: Ending): void {
    this.#forget(stream)
    stream.closed(ending)
  }

  /** It is no more, though its last words may still be on their way. */
  #forget(stream: Stream): void {
    this.streams.delete(stream.id)
    this.output.queue.remove(stream)
    this.idleSinceMs = this.#means.clock.coarseMs
    this.output.schedule()
  }

  /** The priority of a stream that begins now. @param said by its request */
  priorityOf(id: number, said: Priority | undefined): Priority {
    return this.priorities.begin(id, said)
  }

  /** Whether what comes on a stream that is none is to be passed over: it was sent before our last word on it came. */
  ignores(id: number): boolean {
    return this.ids.wasReset(id) || !this.leaving.accepts(id)
  }

  // What streams need.

  get roomBytes(): number {
    return Math.max(WAITING_BYTES_MIN, WAITING_BYTES / Math.max(1, this.streams.size))
  }

  prioritise(stream: Stream, asked: Priority): void {
    this.output.queue.prioritise(stream, overridden(asked, stream.prioritySaid))
  }

  worded(block: Uint8Array): Uint8Array {
    return this.peer.tableShrinks ? Buffer.concat([NO_TABLE, block]) : block
  }

  due(stream: Stream): void {
    this.output.queue.add(stream)
    this.output.schedule()
  }

  leftUndone(work: () => void): void {
    this.#means.leaving(work)
  }

  taken(stream: Stream, bytes: number): void {
    this.credit(bytes)
    if (stream.isClosed || stream.hasRequest) return
    const more = stream.receiveWindow.credit(bytes)
    if (more === 0) return
    this.output.control.windowUpdate(stream.id, more)
    this.output.schedule()
  }

  /** So much of what came was read, or won't be: the connection's window opens. */
  credit(bytes: number): void {
    const more = this.receiveWindow.credit(bytes)
    if (more === 0) return
    this.output.control.windowUpdate(0, more)
    this.output.schedule()
  }

  // What the output tells.

  writeReady(into: Buffer, at: number): number {
    return this.#means.writeReady(this, into, at)
  }

  sentData(bytes: number): void {
    this.allowances.sentData(bytes)
  }

  ended(stream: Stream): void {
    if (stream.hasRequest) this.#forget(stream)
    else if (!stream.isTunnel) {
      // Who was answered before all of the request had come needn't send the rest (§8.1).
      this.ids.reset(stream.id)
      this.output.control.resetStream(stream.id, CODE.noError)
      this.#forget(stream)
    }
  }

  sent(stream: Stream): void {
    if (stream.hasRequest || !stream.isTunnel) stream.closed('whole')
  }

  isDone(): void {
    if (this.#isBroken || (this.leaving.hasSettled && this.streams.size === 0)) this.socket.end()
  }

  // How it ends.

  /** Whether what came over it has ended it. */
  get isBroken(): boolean {
    return this.#isBroken
  }

  /** Takes no more requests soon, and ends the connection with the last that is under way (§6.8). */
  leave(nowMs: number): void {
    if (!this.#isBroken && this.leaving.announce(this.output.control, nowMs)) this.output.flush()
  }

  /** The other side has heard of it, or had the time to. */
  settle(): void {
    if (this.leaving.settle(this.output.control, this.ids.last)) this.output.schedule()
  }

  /** Ends it for what came over it (§5.4.1). */
  break(error: ConnectionError): void {
    this.#isBroken = true
    this.#dropStreams()
    this.leaving.break(this.output.control, this.ids.last, error.code, this.nowMs)
    this.output.flush()
  }

  /** The connection is gone. */
  closed(): void {
    this.#isBroken = true
    for (const stream of this.output.abandon()) stream.closed('gone')
    this.#dropStreams()
  }

  #dropStreams(): void {
    this.unfinished = undefined
    for (const stream of this.streams.values()) this.close(stream, 'gone')
  }
}

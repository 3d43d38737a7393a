import type { TLSSocket } from 'node:tls'
import type { Asker } from '../../answer-from-memory.ts'
import type { ListenLimits } from '../settings.ts'
import { Budget } from './budget.ts'
import { ownSettings } from './control-frames.ts'
import { trailerFault } from './field-rules.ts'
import { FrameReader, type FrameSink } from './frame-reader.ts'
import {
  CODE,
  ConnectionError,
  FLAG,
  FRAME_HEAD_BYTES,
  readNumber31,
  STREAM_ID_MAX,
  TYPE,
  WINDOW_BYTES,
  WINDOW_BYTES_MAX,
} from './frames.ts'
import { blockIn, type HeaderBlock, UnfinishedBlock } from './header-block.ts'
import { type FieldList, HpackDecoder, HpackError } from './hpack/decoder.ts'
import { LimitBroken } from './limit-broken.ts'
import { Output, type OutputSink } from './output.ts'
import { PeerSettings } from './peer-settings.ts'
import type { Plan } from './plan.ts'
import { type Priority, priorityIn, UNSAID } from './priority.ts'
import { type Ending, Stream, type StreamOwner } from './stream.ts'
import { StreamIds } from './stream-ids.ts'

/** What requests come to. A session knows of frames and streams; what is asked and answered is not its business. */
export interface SessionHandler {
  /** Answers a block that has come before in the same words. @returns whether it could; nothing was decoded then */
  answerAgain(session: Session, block: HeaderBlock): boolean
  /** A request's fields have come. It is to be begun, or refused. */
  request(session: Session, block: HeaderBlock, list: FieldList, versionBefore: number): void
  /** Writes answers that needn't be begun, and returns where they end. */
  writeReady(session: Session, into: Buffer, at: number): number
  /** Begins those that can't be written now. */
  queueReady(session: Session): void
  /** Takes back what was not written yet. @returns whether there was anything of this stream */
  cancelReady(id: number): boolean
  /** What came over a connection has ended it. */
  broken(session: Session, error: ConnectionError): void
}

/** How much of uploads one connection, and one of them, may send before we have read it, bytes. */
const CONNECTION_WINDOW_BYTES = 1_048_576
const STREAM_WINDOW_BYTES = 262_144

/** What may wait of the responses of one connection, bytes, and the least of it that a stream gets. */
const WAITING_BYTES = 262_144
const WAITING_BYTES_MIN = 16_384

/** What a frame of no use counts for at the least, bytes: to read it costs as much, however short it is. */
const CONTROL_BYTES_MIN = 32

/** Of what we say of a connection that has broken, this much of what comes on is read, and thrown away, bytes. */
const DISCARDED_BYTES_MAX = 262_144

/** Our PING, by the answer to which we know that all before it has come. */
const PROBE = Buffer.from('selvedge')

const TABLE_BYTES_MAX = 4_096

/** We keep no table (RFC 7541 §6.3), which has to be said where the other side wants a smaller one. */
const NO_TABLE = Buffer.from([0x20])

/** How far a connection has come to its end (RFC 9113 §6.8). */
type Leaving = 'no' | 'announced' | 'settled'

/** One HTTP/2 connection (RFC 9113): reads frames, keeps streams and windows, and sees that what is due goes out. */
export class Session implements FrameSink, StreamOwner, OutputSink {
  readonly socket: TLSSocket
  readonly limits: ListenLimits
  readonly decoder: HpackDecoder
  readonly output: Output
  readonly streams = new Map<number, Stream>()
  readonly peer = new PeerSettings()
  readonly ids = new StreamIds()
  /** When bytes were last read, monotonic, ms. */
  nowMs: number
  /** Requests so far, and when the last of `streams` ended, on the coarse clock. */
  asked = 0
  idleSinceMs: number
  /** Since when it is about to end, or has broken. */
  endingSinceMs: number | undefined
  /** Who asks, once that was looked up; and the last hit, which may be asked for in the same words. */
  asker: Asker | undefined
  plan: Plan | undefined
  /** A header block that isn't whole. */
  unfinished: UnfinishedBlock | undefined

  readonly #handler: SessionHandler
  readonly #clock: { readonly coarseMs: number }
  readonly #reader: FrameReader
  readonly #control: Budget
  readonly #resets: Budget
  #leaving: Leaving = 'no'
  #isBroken = false
  #discarded = 0
  #acceptsUpTo = STREAM_ID_MAX
  #receiveWindow = CONNECTION_WINDOW_BYTES
  #uncredited = 0
  /** Whose DATA is being read. */
  #receiver: Stream | undefined
  /** Of streams that have yet to begin (RFC 9218 §7.1). */
  #priorities: Map<number, Priority> | undefined

  /** @param takesTunnels whether extended CONNECT is to be announced (RFC 8441) */
  constructor(
    socket: TLSSocket,
    about: {
      limits: ListenLimits
      handler: SessionHandler
      clock: { readonly coarseMs: number }
      takesTunnels: boolean
    },
  ) {
    const { limits, handler, clock, takesTunnels } = about
    this.socket = socket
    this.limits = limits
    this.#handler = handler
    this.#clock = clock
    this.nowMs = performance.now()
    this.idleSinceMs = clock.coarseMs
    this.decoder = new HpackDecoder(TABLE_BYTES_MAX, limits.headerListBytesMax, limits.headerFieldsMax)
    this.#reader = new FrameReader(this)
    this.output = new Output(socket, this)
    const { streamsMax, headerListBytesMax } = limits
    this.#control = new Budget(limits.controlBytesPerSecond, limits.controlBytesPerSecond, this.nowMs)
    this.#resets = new Budget(limits.streamResetsMax, limits.streamResetsPerSecond, this.nowMs)
    const streamWindowBytes = STREAM_WINDOW_BYTES
    const { control } = this.output
    control.settings(ownSettings({ streamsMax, streamWindowBytes, headerListBytesMax, takesTunnels }))
    control.windowUpdate(0, CONNECTION_WINDOW_BYTES - WINDOW_BYTES)
    this.output.flush()
  }

  /** Whether nothing more is read of it. */
  get isBroken(): boolean {
    return this.#isBroken
  }

  /** Whether it takes no more requests, and has said so. */
  get hasSettled(): boolean {
    return this.#leaving === 'settled'
  }

  /** Bytes were read. */
  received(bytes: Buffer): void {
    if (this.#isBroken) {
      this.#discarded += bytes.byteLength
      if (this.#discarded > DISCARDED_BYTES_MAX) this.socket.destroy()
      return
    }
    this.nowMs = performance.now()
    try {
      this.#reader.read(bytes)
    } catch (error) {
      this.#break(error)
      return
    }
    if (this.output.isWriting) this.#handler.queueReady(this)
    else this.output.flush()
  }

  /** The connection is gone. */
  closed(): void {
    this.#isBroken = true
    this.unfinished = undefined
    for (const stream of this.output.abandon()) end(stream, 'gone')
    this.#dropStreams()
  }

  // What comes in.

  frame(type: number, flags: number, id: number, bytes: Buffer, from: number, to: number): void {
    if (this.unfinished !== undefined && (type !== TYPE.continuation || id !== this.unfinished.id))
      throw new ConnectionError(CODE.protocolError, 'a header block is interrupted')
    if (type === TYPE.headers) {
      this.#headers(flags, id, bytes, from, to)
      return
    }
    this.#spend(FRAME_HEAD_BYTES + to - from)
    switch (type) {
      case TYPE.continuation:
        this.#continuation(flags, bytes, from, to)
        return
      case TYPE.windowUpdate:
        this.#windowUpdate(id, bytes, from, to)
        return
      case TYPE.resetStream:
        this.#resetStream(id, to - from)
        return
      case TYPE.settings:
        this.#settings(flags, id, bytes, from, to)
        return
      case TYPE.ping:
        this.#ping(flags, id, bytes, from, to)
        return
      case TYPE.priority:
        this.#priority(id, to - from)
        return
      case TYPE.priorityUpdate:
        this.#priorityUpdate(id, bytes, from, to)
        return
      case TYPE.goaway:
        // It takes no streams of ours, and we begin none.
        if (id !== 0) throw new ConnectionError(CODE.protocolError, 'GOAWAY on a stream')
        if (to - from < 8) throw new ConnectionError(CODE.frameSizeError, 'GOAWAY is too short')
        return
      case TYPE.pushPromise:
        throw new ConnectionError(CODE.protocolError, 'a client can’t push')
    }
    // Frames of other types mean nothing to us (§5.5).
  }

  #headers(flags: number, id: number, bytes: Buffer, from: number, to: number): void {
    if (id === 0 || id % 2 === 0)
      throw new ConnectionError(CODE.protocolError, 'HEADERS on no stream of a client’s')
    const block = blockIn(flags, id, bytes, from, to)
    if ((flags & FLAG.endHeaders) !== 0) this.#block(block)
    else this.unfinished = new UnfinishedBlock(block, this.nowMs, this.limits)
  }

  #continuation(flags: number, bytes: Buffer, from: number, to: number): void {
    const { unfinished } = this
    if (unfinished === undefined)
      throw new ConnectionError(CODE.protocolError, 'CONTINUATION continues nothing')
    unfinished.add(bytes, from, to)
    if ((flags & FLAG.endHeaders) === 0) return
    this.unfinished = undefined
    this.#block(unfinished.whole())
  }

  /** A whole header block: a request, or what comes behind its body. */
  #block(block: HeaderBlock): void {
    const { id } = block
    const { ids } = this
    if (id <= ids.last) {
      this.#trailers(block)
      return
    }
    ids.begin(id)
    this.asked += 1
    this.idleSinceMs = this.#clock.coarseMs
    if (id <= this.#acceptsUpTo && this.#handler.answerAgain(this, block)) return
    const { version } = this.decoder
    const list = this.decoder.decode(block.bytes.subarray(block.from, block.to))
    // Nobody looks at what came after we said so (§6.8).
    if (id > this.#acceptsUpTo) return
    if (list.isTooLarge) this.refuse(id, CODE.enhanceYourCalm)
    else this.#handler.request(this, block, list, version)
  }

  /** Fields behind a body (§8.1): nobody reads them, but they have to be right. */
  #trailers({ id, bytes, from, to, endsStream }: HeaderBlock): void {
    const list = this.decoder.decode(bytes.subarray(from, to))
    const stream = this.streams.get(id)
    if (stream === undefined) {
      if (this.ids.wasReset(id)) return
      if (this.ids.wasSkipped(id))
        throw new ConnectionError(CODE.protocolError, `stream ${id} is begun after a later one`)
      throw new ConnectionError(CODE.streamClosed, `HEADERS on stream ${id}, which is closed`)
    }
    if (stream.hasRequest) this.#fault(stream, CODE.streamClosed)
    else if (!endsStream || list.isTooLarge || trailerFault(list.fields) !== undefined)
      this.#fault(stream, CODE.protocolError)
    else this.#requestEnds(stream)
  }

  dataBegins(id: number, flags: number, bytes: number): void {
    this.#receiver = undefined
    if (this.unfinished !== undefined)
      throw new ConnectionError(CODE.protocolError, 'a header block is interrupted')
    if (id === 0 || this.ids.isIdle(id))
      throw new ConnectionError(CODE.protocolError, 'DATA on a stream that was not begun')
    this.#receiveWindow -= bytes
    if (this.#receiveWindow < 0)
      throw new ConnectionError(CODE.flowControlError, 'more DATA came than the connection’s window')
    if (bytes === 0 && (flags & FLAG.endStream) === 0) this.#spend(FRAME_HEAD_BYTES)
    else if (bytes < 16 * FRAME_HEAD_BYTES) this.#spendExactly(FRAME_HEAD_BYTES - bytes / 16)
    const stream = this.streams.get(id)
    if (stream === undefined) {
      if (!this.ids.wasReset(id)) this.refuse(id, CODE.streamClosed)
      return
    }
    if (stream.hasRequest) {
      this.#fault(stream, CODE.streamClosed)
      return
    }
    stream.receiveWindow -= bytes
    if (stream.receiveWindow < 0) this.#fault(stream, CODE.flowControlError)
    else this.#receiver = stream
  }

  dataContinues(_id: number, part: Buffer): void {
    const stream = this.#receiver
    const bytes = part.byteLength
    if (stream === undefined || stream.isClosed) {
      this.#credit(bytes)
      return
    }
    stream.lengthReceived += bytes
    stream.receivedBytes += bytes
    if (stream.lengthAnnounced !== undefined && stream.lengthReceived > stream.lengthAnnounced) {
      this.#credit(bytes)
      this.#fault(stream, CODE.protocolError)
    } else if (stream.body === undefined) this.taken(stream, bytes, false)
    else stream.body.receive(part)
  }

  dataEnds(_id: number, flags: number, padding: number): void {
    const stream = this.#receiver
    this.#receiver = undefined
    if (padding > 0) {
      this.#spendExactly(padding)
      if (stream === undefined) this.#credit(padding)
      else this.taken(stream, padding, false)
    }
    if ((flags & FLAG.endStream) !== 0 && stream !== undefined && !stream.isClosed) this.#requestEnds(stream)
  }

  #requestEnds(stream: Stream): void {
    const { lengthAnnounced, lengthReceived } = stream
    if (lengthAnnounced !== undefined && lengthAnnounced !== lengthReceived) {
      this.#fault(stream, CODE.protocolError)
      return
    }
    stream.hasRequest = true
    stream.requestTimedOut = undefined
    stream.body?.finish()
    // What both sides have ended is closed when the last of it was taken.
    if (stream.hasResponse) this.#close(stream, 'whole')
  }

  #windowUpdate(id: number, bytes: Buffer, from: number, to: number): void {
    if (to - from !== 4) throw new ConnectionError(CODE.frameSizeError, 'WINDOW_UPDATE of another length')
    const more = readNumber31(bytes, from)
    const { queue } = this.output
    if (id === 0) {
      if (more === 0) throw new ConnectionError(CODE.protocolError, 'WINDOW_UPDATE of nothing')
      queue.window += more
      if (queue.window > WINDOW_BYTES_MAX)
        throw new ConnectionError(CODE.flowControlError, 'the connection’s window is too wide')
      return
    }
    if (this.ids.isIdle(id))
      throw new ConnectionError(CODE.protocolError, 'WINDOW_UPDATE on a stream that was not begun')
    const stream = this.streams.get(id)
    if (stream === undefined) return
    if (more === 0) this.#fault(stream, CODE.protocolError)
    else if (stream.sendWindow + more > WINDOW_BYTES_MAX) this.#fault(stream, CODE.flowControlError)
    else {
      stream.sendWindow += more
      queue.add(stream)
    }
  }

  #resetStream(id: number, bytes: number): void {
    if (bytes !== 4) throw new ConnectionError(CODE.frameSizeError, 'RST_STREAM of another length')
    if (id === 0 || this.ids.isIdle(id))
      throw new ConnectionError(CODE.protocolError, 'RST_STREAM on a stream that was not begun')
    this.#countReset()
    const stream = this.streams.get(id)
    if (stream === undefined) this.#handler.cancelReady(id)
    else this.#close(stream, 'reset')
  }

  #settings(flags: number, id: number, bytes: Buffer, from: number, to: number): void {
    if (id !== 0) throw new ConnectionError(CODE.protocolError, 'SETTINGS on a stream')
    if ((flags & FLAG.ack) !== 0) {
      if (from !== to) throw new ConnectionError(CODE.frameSizeError, 'SETTINGS are taken with more settings')
      return
    }
    const before = this.peer.windowBytes
    this.peer.read(bytes, from, to)
    const more = this.peer.windowBytes - before
    if (more !== 0) this.#widen(more)
    this.output.control.settingsTaken()
    this.#boundAnswers()
  }

  /** Windows of all streams change with the setting, and may become negative (§6.9.2). */
  #widen(more: number): void {
    for (const stream of this.streams.values()) {
      stream.sendWindow += more
      if (stream.sendWindow > WINDOW_BYTES_MAX)
        throw new ConnectionError(CODE.flowControlError, 'SETTINGS make a window too wide')
      if (stream.isSendable) this.output.queue.add(stream)
      else this.output.queue.remove(stream)
    }
  }

  #ping(flags: number, id: number, bytes: Buffer, from: number, to: number): void {
    if (id !== 0) throw new ConnectionError(CODE.protocolError, 'PING on a stream')
    if (to - from !== 8) throw new ConnectionError(CODE.frameSizeError, 'PING of another length')
    if ((flags & FLAG.ack) === 0) {
      this.output.control.ping(FLAG.ack, bytes, from)
      this.#boundAnswers()
    } else if (this.#leaving === 'announced' && PROBE.equals(bytes.subarray(from, to)))
      this.settleEnd(Number.POSITIVE_INFINITY)
  }

  /** Means nothing any more (§5.3.2), and yet has its form. */
  #priority(id: number, bytes: number): void {
    if (id === 0) throw new ConnectionError(CODE.protocolError, 'PRIORITY on no stream')
    if (bytes === 5) return
    const stream = this.streams.get(id)
    if (stream !== undefined) this.#fault(stream, CODE.frameSizeError)
    else if (this.ids.isIdle(id))
      // A stream that was not begun can't be reset (§6.4).
      throw new ConnectionError(CODE.frameSizeError, 'PRIORITY of another length')
    else this.refuse(id, CODE.frameSizeError)
  }

  /** RFC 9218 §7.1. */
  #priorityUpdate(on: number, bytes: Buffer, from: number, to: number): void {
    if (on !== 0) throw new ConnectionError(CODE.protocolError, 'PRIORITY_UPDATE on a stream')
    if (to - from < 4) throw new ConnectionError(CODE.frameSizeError, 'PRIORITY_UPDATE is too short')
    const id = readNumber31(bytes, from)
    if (id === 0 || id % 2 === 0)
      throw new ConnectionError(CODE.protocolError, 'PRIORITY_UPDATE of no stream of a client’s')
    const priority = priorityIn(bytes.toString('latin1', from + 4, to))
    const stream = this.streams.get(id)
    if (stream !== undefined) this.output.queue.prioritise(stream, priority)
    else if (this.ids.isIdle(id)) this.#keepPriority(id, priority)
  }

  /** Of no more streams than may be begun. */
  #keepPriority(id: number, priority: Priority): void {
    this.#priorities ??= new Map()
    this.#priorities.delete(id)
    this.#priorities.set(id, priority)
    if (this.#priorities.size <= this.limits.streamsMax) return
    for (const oldest of this.#priorities.keys()) {
      this.#priorities.delete(oldest)
      break
    }
  }

  /** What was said of a stream's priority before it began, else what its request says. */
  priorityOf(id: number, said: Priority | undefined): Priority {
    const kept = this.#priorities?.get(id)
    if (kept === undefined) return said ?? UNSAID
    this.#priorities?.delete(id)
    return kept
  }

  // What comes of it.

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
      coarseMs: this.#clock.coarseMs,
    })
    this.streams.set(id, stream)
    return stream
  }

  /** Ends a stream that isn't kept, for what the other side did. */
  refuse(id: number, code: number): void {
    this.#countReset()
    this.ids.reset(id)
    this.output.control.resetStream(id, code)
    this.#boundAnswers()
  }

  get roomBytes(): number {
    return Math.max(WAITING_BYTES_MIN, WAITING_BYTES / Math.max(1, this.streams.size))
  }

  worded(block: Uint8Array): Uint8Array {
    return this.peer.tableShrinks ? Buffer.concat([NO_TABLE, block]) : block
  }

  due(stream: Stream): void {
    this.output.queue.add(stream)
    this.output.schedule()
  }

  reset(stream: Stream, code: number): void {
    if (!stream.hasRequest) this.ids.reset(stream.id)
    this.output.control.resetStream(stream.id, code)
    this.output.schedule()
    this.#close(stream, 'reset')
  }

  taken(stream: Stream, bytes: number, isOver: boolean): void {
    this.#credit(bytes)
    if (isOver || stream.isClosed || stream.hasRequest) return
    stream.uncredited += bytes
    if (stream.uncredited < STREAM_WINDOW_BYTES / 2) return
    this.output.control.windowUpdate(stream.id, stream.uncredited)
    stream.receiveWindow += stream.uncredited
    stream.uncredited = 0
    this.output.schedule()
  }

  writeReady(into: Buffer, at: number): number {
    return this.#handler.writeReady(this, into, at)
  }

  sentData(bytes: number): void {
    // Who reads has to open windows, as a rule that of the stream and that of the connection.
    this.#control.give(2 * CONTROL_BYTES_MIN + bytes / 64)
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
    if (!stream.isTunnel || stream.hasRequest) end(stream, 'whole')
  }

  isDone(): void {
    if (this.#isBroken || (this.#leaving === 'settled' && this.streams.size === 0)) this.socket.end()
  }

  // How it ends.

  /** Takes no more requests soon, and ends the connection with the last that is under way (§6.8). */
  leave(nowMs: number): void {
    if (this.#leaving !== 'no' || this.#isBroken) return
    this.#leaving = 'announced'
    this.endingSinceMs = nowMs
    const { control } = this.output
    // What is on its way to us is still taken.
    control.goaway(STREAM_ID_MAX, CODE.noError)
    control.ping(0, PROBE, 0)
    this.output.flush()
  }

  /** The other side has heard of it, or had the time to. @param untilMs if it was told before then */
  settleEnd(untilMs: number): void {
    if (this.#leaving !== 'announced' || (this.endingSinceMs ?? 0) > untilMs) return
    this.#leaving = 'settled'
    this.#acceptsUpTo = this.ids.last
    this.output.control.goaway(this.ids.last, CODE.noError)
    this.output.schedule()
  }

  #break(error: unknown): void {
    const broken = errorOf(error)
    this.#isBroken = true
    this.unfinished = undefined
    this.endingSinceMs ??= this.nowMs
    this.#handler.broken(this, broken)
    this.#dropStreams()
    this.output.control.goaway(this.ids.last, broken.code)
    this.output.flush()
  }

  #dropStreams(): void {
    for (const stream of this.streams.values()) this.#close(stream, 'gone')
  }

  /** A stream's own error, of the other side's making (§5.4.2). */
  #fault(stream: Stream, code: number): void {
    this.#countReset()
    this.reset(stream, code)
    this.#boundAnswers()
  }

  /** Rapid reset (CVE-2023-44487), and having us reset (CVE-2025-8671). */
  #countReset(): void {
    if (!this.#resets.take(1, this.nowMs)) throw new LimitBroken('streamResetsMax')
  }

  #spend(bytes: number): void {
    this.#spendExactly(Math.max(CONTROL_BYTES_MIN, bytes))
  }

  #spendExactly(bytes: number): void {
    if (!this.#control.take(bytes, this.nowMs)) throw new LimitBroken('controlBytesPerSecond')
  }

  #boundAnswers(): void {
    if (this.output.control.byteLength > this.limits.controlAnswersBytesMax)
      throw new LimitBroken('controlAnswersBytesMax')
  }

  #credit(bytes: number): void {
    this.#uncredited += bytes
    if (this.#uncredited < CONNECTION_WINDOW_BYTES / 2) return
    this.output.control.windowUpdate(0, this.#uncredited)
    this.#receiveWindow += this.#uncredited
    this.#uncredited = 0
    this.output.schedule()
  }

  /** It is no more, though its last words may still be on their way. */
  #forget(stream: Stream): void {
    this.streams.delete(stream.id)
    this.output.queue.remove(stream)
    this.idleSinceMs = this.#clock.coarseMs
    this.output.schedule()
  }

  #close(stream: Stream, ending: Ending): void {
    this.#forget(stream)
    end(stream, ending)
  }
}

/** Lets go of all that a stream holds, and tells whom it concerns. */
function end(stream: Stream, ending: Ending): void {
  if (stream.isClosed) return
  stream.isClosed = true
  stream.heads = undefined
  stream.waiting = []
  stream.waitingBytes = 0
  stream.onRoom = undefined
  stream.requestTimedOut = undefined
  const { onEnd } = stream
  stream.onEnd = undefined
  onEnd?.(ending)
  stream.body?.breakOff()
}

function errorOf(error: unknown): ConnectionError {
  if (error instanceof ConnectionError) return error
  if (error instanceof HpackError) return new ConnectionError(CODE.compressionError, error.message)
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return new ConnectionError(CODE.internalError, text)
}

import { describeError } from '../../program/errors.ts'
import { trailerFault } from './field-rules.ts'
import { FrameReader, type FrameSink } from './frame-reader.ts'
import {
  CODE,
  ConnectionError,
  FLAG,
  FRAME_HEAD_BYTES,
  readNumber31,
  TYPE,
  WINDOW_BYTES_MAX,
} from './frames.ts'
import { blockIn, type HeaderBlock, UnfinishedBlock } from './header-block.ts'
import { type FieldList, HpackError } from './hpack/decoder.ts'
import { IncomingData } from './incoming-data.ts'
import { PROBE } from './leaving.ts'
import { priorityIn } from './priority.ts'
import type { Session } from './session.ts'

/** What requests come to. */
export interface Requests {
  /** Answers a block that has come before in the same words. @returns whether it could; nothing was decoded then */
  answerAgain(session: Session, block: HeaderBlock): boolean
  /** A request's fields have come. It is to be begun, or refused. @param versionBefore the decoder's, before it read them */
  begin(session: Session, block: HeaderBlock, list: FieldList, versionBefore: number): void
  /** Takes an answer back that was not written yet, if there is one. */
  cancel(id: number): void
  /** All that was read has been looked at, while nothing can be written yet. */
  readWithoutWriting(session: Session): void
  /** All that was read has been looked at, and what could be answered at once is written. */
  wasRead(): void
  /** What came has broken a connection. */
  broken(session: Session, error: ConnectionError): void
}

/** Of what comes over a connection that has broken, this much is read, and thrown away, bytes. */
const DISCARDED_BYTES_MAX = 262_144

/** Of fields that are too many, so many bytes cost as much as one of a frame of no use. */
const GROWN = 16

/** Reads what comes over one connection: what each frame means, and what each may not be (RFC 9113 §5, §6). */
export class Incoming implements FrameSink {
  readonly #session: Session
  readonly #requests: Requests
  readonly #reader: FrameReader
  readonly #data: IncomingData
  #discarded = 0

  constructor(session: Session, requests: Requests) {
    this.#session = session
    this.#requests = requests
    this.#reader = new FrameReader(this)
    this.#data = new IncomingData(session)
  }

  /** Bytes were read. All that is due for them goes out in one write. */
  received(bytes: Buffer): void {
    const session = this.#session
    if (session.isBroken) {
      this.#discarded += bytes.byteLength
      if (this.#discarded > DISCARDED_BYTES_MAX) session.socket.destroy()
      return
    }
    session.nowMs = performance.now()
    try {
      this.#reader.read(bytes)
      if (session.output.isWriting) this.#requests.readWithoutWriting(session)
      else session.output.flush()
      this.#requests.wasRead()
    } catch (error) {
      const broken = errorOf(error)
      this.#requests.broken(session, broken)
      session.break(broken)
    }
  }

  frame(type: number, flags: number, id: number, bytes: Buffer, from: number, to: number): void {
    const { unfinished, allowances, nowMs } = this.#session
    if (unfinished !== undefined && (type !== TYPE.continuation || id !== unfinished.id))
      throw new ConnectionError(CODE.protocolError, 'a header block is interrupted')
    if (type === TYPE.headers) {
      this.#headers(flags, id, bytes, from, to)
      return
    }
    allowances.spendFrame(FRAME_HEAD_BYTES + to - from, nowMs)
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

  dataBegins(id: number, flags: number, bytes: number): void {
    if (this.#session.unfinished !== undefined)
      throw new ConnectionError(CODE.protocolError, 'a header block is interrupted')
    this.#data.begins(id, flags, bytes)
  }

  dataContinues(_id: number, part: Buffer): void {
    this.#data.continues(part)
  }

  dataEnds(_id: number, flags: number, padding: number): void {
    this.#data.ends(flags, padding)
  }

  #headers(flags: number, id: number, bytes: Buffer, from: number, to: number): void {
    const session = this.#session
    if (id === 0 || id % 2 === 0)
      throw new ConnectionError(CODE.protocolError, 'HEADERS on no stream of a client’s')
    const block = blockIn(flags, id, bytes, from, to)
    if ((flags & FLAG.endHeaders) !== 0) this.#block(block)
    else session.unfinished = new UnfinishedBlock(block, session.nowMs, session.limits)
  }

  #continuation(flags: number, bytes: Buffer, from: number, to: number): void {
    const { unfinished } = this.#session
    if (unfinished === undefined)
      throw new ConnectionError(CODE.protocolError, 'CONTINUATION continues nothing')
    unfinished.add(bytes, from, to)
    if ((flags & FLAG.endHeaders) === 0) return
    this.#session.unfinished = undefined
    this.#block(unfinished.whole())
  }

  /** A whole header block: a request, or what comes behind its body. */
  #block(block: HeaderBlock): void {
    const session = this.#session
    const { id } = block
    if (id <= session.ids.last) {
      this.#trailers(block)
      return
    }
    session.begin(id)
    const isTaken = session.leaving.accepts(id)
    if (isTaken && this.#requests.answerAgain(session, block)) return
    const { decoder } = session
    const { version } = decoder
    const list = decoder.decode(block.bytes.subarray(block.from, block.to))
    if (!isTaken) {
      // Nobody looks at what came after we said so (§6.8), but the table has to stay right.
      this.#payIgnored(list)
      return
    }
    if (list.isTooLarge) {
      // A few bytes may have become many megabytes (RFC 7541 §7.3).
      session.allowances.spend(list.bytes / GROWN, session.nowMs)
      session.refuse(id, CODE.enhanceYourCalm)
    } else this.#requests.begin(session, block, list, version)
  }

  /** Fields behind a body (§8.1): nobody reads them, but they have to be right. */
  #trailers({ id, bytes, from, to, endsStream }: HeaderBlock): void {
    const session = this.#session
    const list = session.decoder.decode(bytes.subarray(from, to))
    const stream = session.streams.get(id)
    if (stream === undefined) {
      if (session.ignores(id)) {
        this.#payIgnored(list)
        return
      }
      if (session.ids.wasSkipped(id))
        throw new ConnectionError(CODE.protocolError, `stream ${id} is begun after a later one`)
      throw new ConnectionError(CODE.streamClosed, `HEADERS on stream ${id}, which is closed`)
    }
    if (stream.hasRequest) session.fault(stream, CODE.streamClosed)
    else if (!endsStream || list.isTooLarge || trailerFault(list.fields) !== undefined)
      session.fault(stream, CODE.protocolError)
    else session.requestEnds(stream)
  }

  /** Fields that are passed over were read all the same, however often they come. */
  #payIgnored({ bytes }: FieldList): void {
    const { allowances, nowMs } = this.#session
    allowances.spendFrame(bytes / GROWN, nowMs)
  }

  #windowUpdate(id: number, bytes: Buffer, from: number, to: number): void {
    const session = this.#session
    if (to - from !== 4) throw new ConnectionError(CODE.frameSizeError, 'WINDOW_UPDATE of another length')
    const more = readNumber31(bytes, from)
    const { queue } = session.output
    if (id === 0) {
      if (more === 0) throw new ConnectionError(CODE.protocolError, 'WINDOW_UPDATE of nothing')
      queue.window += more
      if (queue.window > WINDOW_BYTES_MAX)
        throw new ConnectionError(CODE.flowControlError, 'the connection’s window is too wide')
      return
    }
    if (session.ids.isIdle(id))
      throw new ConnectionError(CODE.protocolError, 'WINDOW_UPDATE on a stream that was not begun')
    const stream = session.streamOf(id)
    if (stream === undefined) return
    if (more === 0) session.fault(stream, CODE.protocolError)
    else if (stream.sendWindow + more > WINDOW_BYTES_MAX) session.fault(stream, CODE.flowControlError)
    else {
      stream.sendWindow += more
      queue.add(stream)
    }
  }

  #resetStream(id: number, bytes: number): void {
    const session = this.#session
    if (bytes !== 4) throw new ConnectionError(CODE.frameSizeError, 'RST_STREAM of another length')
    if (id === 0 || session.ids.isIdle(id))
      throw new ConnectionError(CODE.protocolError, 'RST_STREAM on a stream that was not begun')
    session.allowances.countReset(session.nowMs)
    const stream = session.streams.get(id)
    if (stream === undefined) this.#requests.cancel(id)
    else session.close(stream, 'reset')
  }

  #settings(flags: number, id: number, bytes: Buffer, from: number, to: number): void {
    const session = this.#session
    if (id !== 0) throw new ConnectionError(CODE.protocolError, 'SETTINGS on a stream')
    if ((flags & FLAG.ack) !== 0) {
      if (from !== to) throw new ConnectionError(CODE.frameSizeError, 'SETTINGS are taken with more settings')
      session.settingsAreTaken = true
      return
    }
    const before = session.peer.windowBytes
    session.peer.read(bytes, from, to)
    const more = session.peer.windowBytes - before
    if (more !== 0) this.#widen(more)
    session.output.control.settingsTaken()
    this.#boundAnswers()
  }

  /** Windows of all streams change with the setting, and may become negative (§6.9.2). */
  #widen(more: number): void {
    const { streams, output } = this.#session
    for (const stream of streams.values()) {
      stream.sendWindow += more
      if (stream.sendWindow > WINDOW_BYTES_MAX)
        throw new ConnectionError(CODE.flowControlError, 'SETTINGS make a window too wide')
      if (stream.isSendable) output.queue.add(stream)
      else output.queue.remove(stream)
    }
  }

  #ping(flags: number, id: number, bytes: Buffer, from: number, to: number): void {
    if (id !== 0) throw new ConnectionError(CODE.protocolError, 'PING on a stream')
    if (to - from !== 8) throw new ConnectionError(CODE.frameSizeError, 'PING of another length')
    if ((flags & FLAG.ack) === 0) {
      this.#session.output.control.ping(FLAG.ack, bytes, from)
      this.#boundAnswers()
    } else if (PROBE.equals(bytes.subarray(from, to))) this.#session.settle()
  }

  /** Means nothing any more (§5.3.2), and yet has its form. */
  #priority(id: number, bytes: number): void {
    const session = this.#session
    if (id === 0) throw new ConnectionError(CODE.protocolError, 'PRIORITY on no stream')
    if (bytes === 5) return
    const stream = session.streamOf(id)
    if (stream !== undefined) session.fault(stream, CODE.frameSizeError)
    else if (session.ids.isIdle(id))
      // A stream that was not begun can't be reset (§6.4).
      throw new ConnectionError(CODE.frameSizeError, 'PRIORITY of another length')
    else session.refuse(id, CODE.frameSizeError)
  }

  /** RFC 9218 §7.1. */
  #priorityUpdate(on: number, bytes: Buffer, from: number, to: number): void {
    const session = this.#session
    if (on !== 0) throw new ConnectionError(CODE.protocolError, 'PRIORITY_UPDATE on a stream')
    if (to - from < 4) throw new ConnectionError(CODE.frameSizeError, 'PRIORITY_UPDATE is too short')
    const id = readNumber31(bytes, from)
    if (id === 0 || id % 2 === 0)
      throw new ConnectionError(CODE.protocolError, 'PRIORITY_UPDATE of no stream of a client’s')
    const priority = priorityIn(bytes.toString('latin1', from + 4, to))
    const stream = session.streamOf(id)
    if (stream !== undefined) session.prioritise(stream, priority)
    else if (session.ids.isIdle(id)) session.priorities.keep(id, priority)
  }

  #boundAnswers(): void {
    const { allowances, output } = this.#session
    allowances.boundAnswers(output.control.byteLength)
  }
}

function errorOf(error: unknown): ConnectionError {
  if (error instanceof ConnectionError) return error
  if (error instanceof HpackError) return new ConnectionError(CODE.compressionError, error.message)
  return new ConnectionError(CODE.internalError, describeError(error))
}

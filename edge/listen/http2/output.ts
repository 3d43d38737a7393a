import type { TLSSocket } from 'node:tls'
import { viewsOf } from '../shared-buffer.ts'
import type { TlsInternals } from '../tls/tls-internals.ts'
import { ControlFrames } from './control-frames.ts'
import { SendQueue, type SendSink } from './send-queue.ts'
import type { Stream } from './stream.ts'

/**
 * How much goes out in one write, and so how much is encrypted ahead of what a viewer reads, bytes: TLS encrypts at
 * once all that it is given, into memory of its own. The rest waits where it is, in the cache.
 */
const WRITE_BYTES_MAX = 65_536

/** All connections are written from it, one at a time: TLS has copied what it is given when a write returns. */
const slab = Buffer.allocUnsafeSlow(WRITE_BYTES_MAX)

/** Such short ones are written again and again. */
const SHORT_BYTES_MAX = 2_048
const viewOfSlab = viewsOf(slab, SHORT_BYTES_MAX)

/** Who is told how the writing goes. */
export interface OutputSink {
  /** Writes what goes before all that is queued, and returns where it ends. */
  writeReady(into: Buffer, at: number): number
  /** The last frame of a response is about to be written. */
  ended(stream: Stream): void
  /** The kernel has taken it. */
  sent(stream: Stream): void
  /** So much of a body is about to be written, in one frame. */
  sentData(bytes: number): void
  /** All that was due has been taken. */
  isDone(): void
}

/** What goes out on one connection: all that is due in one write, and no more until the kernel has taken it. */
export class Output implements SendSink {
  readonly control = new ControlFrames()
  readonly queue = new SendQueue(this)
  readonly #socket: TLSSocket
  readonly #sink: OutputSink
  readonly #internals: TlsInternals
  #isWriting = false
  #isScheduled = false
  #ended: Stream[] = []
  #withRoom: Stream[] = []

  constructor(socket: TLSSocket, sink: OutputSink, internals: TlsInternals) {
    this.#socket = socket
    this.#sink = sink
    this.#internals = internals
  }

  /** Whether the kernel has yet to take what was written. */
  get isWriting(): boolean {
    return this.#isWriting
  }

  /** Whether nothing is due. What waits for windows isn't. */
  get isEmpty(): boolean {
    return !this.#isWriting && this.control.byteLength === 0 && this.queue.isEmpty
  }

  /** Has what is due written soon, together with what else comes up until then. */
  schedule(): void {
    if (this.#isWriting || this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(this.#flushScheduled)
  }

  /** Writes what is due. */
  flush(): void {
    if (this.#isWriting || !this.#socket.writable) return
    let at = this.control.writeTo(slab, 0)
    at = this.#sink.writeReady(slab, at)
    if (!this.queue.isEmpty) at = this.queue.fill(slab, at)
    if (at > 0) this.#write(viewOfSlab(at))
    else {
      const head = this.queue.isEmpty ? undefined : this.queue.oversized(WRITE_BYTES_MAX)
      if (head === undefined) this.#sink.isDone()
      else this.#write(head)
    }
  }

  ended(stream: Stream): void {
    this.#ended.push(stream)
    this.#sink.ended(stream)
  }

  hasRoom(stream: Stream): void {
    this.#withRoom.push(stream)
  }

  sentData(bytes: number): void {
    this.#sink.sentData(bytes)
  }

  #write(bytes: Buffer): void {
    this.#isWriting = true
    this.#internals.write(this.#socket, bytes, this.#written)
    if (this.#withRoom.length === 0) return
    const streams = this.#withRoom
    this.#withRoom = []
    for (const stream of streams) {
      const { onRoom } = stream
      stream.onRoom = undefined
      onRoom?.()
    }
  }

  /** Those of which the last was written and not taken, once it never will be. */
  abandon(): readonly Stream[] {
    const streams = this.#ended
    this.#ended = []
    return streams
  }

  readonly #written = (error?: Error | null): void => {
    // The connection is gone, which its `close` tells.
    if (error != null) return
    this.#isWriting = false
    if (this.#ended.length > 0) {
      for (const stream of this.abandon()) this.#sink.sent(stream)
    }
    this.flush()
  }

  readonly #flushScheduled = (): void => {
    this.#isScheduled = false
    this.flush()
  }
}

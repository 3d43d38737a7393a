import { CODE, FLAG, headerFrames } from './frames.ts'
import type { Priority } from './priority.ts'
import { ReceiveWindow } from './receive-window.ts'
import type { RequestBody } from './request-body.ts'

/** What a stream needs of the connection that it is of. */
export interface StreamOwner {
  /** Something of this stream waits to be sent. */
  due(stream: Stream): void
  /** Ends a stream by RST_STREAM (RFC 9113 §6.4). */
  reset(stream: Stream, code: number): void
  /** Gives a stream the priority that is asked for, as far as its response says no other. */
  prioritise(stream: Stream, asked: Priority): void
  /** A header block as this connection needs it. */
  worded(block: Uint8Array): Uint8Array
  /** So much of a request's body was read, or won't be. */
  taken(stream: Stream, bytes: number): void
  /** Sees to what a stream leaves undone that was broken off: soon. */
  leftUndone(work: () => void): void
  /** How much of a response may wait in one stream, until whoever gives it has to wait as well, bytes. */
  readonly roomBytes: number
}

/** How a stream ended: with the last of the response, by whom it was reset, or with its connection. */
export type Ending = 'whole' | 'reset' | 'gone'

/** A request and its response under way (RFC 9113 §5.1). */
export class Stream {
  readonly id: number
  priority: Priority
  /** What the response says of its priority (RFC 9218 §8). */
  prioritySaid: string | undefined
  /** When it began, on the coarse clock, ms. */
  readonly sinceMs: number

  /** What the other side may still send, and what it may still be sent, bytes (§5.2). */
  readonly receiveWindow: ReceiveWindow
  sendWindow: number

  /** Whether all of the request has come; whether all of the response was sent; whether either is in vain. */
  hasRequest: boolean
  hasResponse = false
  isClosed = false
  /** Both ways go on for themselves: neither end is the other's (RFC 8441 §5). */
  isTunnel = false
  /** Whether a final head was given. */
  headSent = false

  /** The request's body, while somebody may read it, and what is known of its length. */
  body: RequestBody | undefined
  lengthAnnounced: number | undefined
  lengthReceived = 0

  /** Bytes of the request, and of the response as far as it was given us; heads as HTTP/1.1 would have them. */
  receivedBytes = 0
  givenBytes = 0
  /** What of the response has gone into the connection, bytes; and what at the last look, and when that was less. */
  sentBytes = 0
  sentAtLook = 0
  movedMs: number
  /** The request's body is too long in coming; set while it comes. */
  requestTimedOut: (() => void) | undefined

  /** Frames of heads that are due, whether the last of them ends the response, and what of a body is due. */
  heads: Buffer | undefined
  headEnds = false
  waiting: Buffer[] = []
  /** How much of the first of `waiting` has gone. */
  waitingAt = 0
  waitingBytes = 0
  /** Whether the response ends with what waits. */
  ends = false
  /** Called when nothing waits any more: more may be given. */
  onRoom: (() => void) | undefined
  /** Called once, when it ends. */
  onEnd: ((ending: Ending) => void) | undefined

  /** Places in the queue. */
  isQueued = false
  next: Stream | undefined
  previous: Stream | undefined

  readonly #owner: StreamOwner

  constructor(
    owner: StreamOwner,
    id: number,
    begin: {
      priority: Priority
      sendWindow: number
      receiveWindow: number
      hasRequest: boolean
      coarseMs: number
    },
  ) {
    this.#owner = owner
    this.id = id
    this.priority = begin.priority
    this.sendWindow = begin.sendWindow
    this.receiveWindow = new ReceiveWindow(begin.receiveWindow)
    this.hasRequest = begin.hasRequest
    this.sinceMs = begin.coarseMs
    this.movedMs = begin.coarseMs
  }

  /** Sends a head: an interim one, or the final one. @param ends whether nothing follows it */
  sendHead(block: Uint8Array, { isFinal, ends }: { isFinal: boolean; ends: boolean }): void {
    if (this.isClosed) return
    const frames = headerFrames(this.id, this.#owner.worded(block), ends ? FLAG.endStream : 0)
    this.heads = this.heads === undefined ? frames : Buffer.concat([this.heads, frames])
    this.headSent ||= isFinal
    if (ends) this.headEnds = this.ends = true
    this.#owner.due(this)
  }

  /** The response says by itself how urgent it is. */
  saysPriority(value: string): void {
    this.prioritySaid = value
    this.#owner.prioritise(this, this.priority)
  }

  /** Sends a part of a body. Bytes are not to be changed from then on. */
  send(part: Buffer): void {
    if (this.isClosed || part.byteLength === 0) return
    this.waiting.push(part)
    this.waitingBytes += part.byteLength
    this.#owner.due(this)
  }

  /** Nothing more is to come. */
  end(): void {
    if (this.isClosed) return
    this.ends = true
    this.#owner.due(this)
  }

  /** Whether more may be given; else `onRoom` is called when it may. */
  get hasRoom(): boolean {
    return this.waitingBytes < this.#owner.roomBytes
  }

  /** Breaks it off. */
  reset(code: number = CODE.internalError): void {
    if (!this.isClosed && !this.hasResponse) this.#owner.reset(this, code)
  }

  /** Nobody listens to the other side any more: when it has been told all, it needn't say more (RFC 9113 §8.1). */
  endTunnel(): void {
    this.isTunnel = false
    if (this.hasResponse && !this.isClosed) this.#owner.reset(this, CODE.noError)
  }

  /** The reader of the request's body has taken so much. */
  taken(bytes: number): void {
    this.#owner.taken(this, bytes)
  }

  /**
   * It has ended: lets go of all that it holds, and tells whom it concerns, at once only where that costs little. Its
   * connection's to call.
   */
  closed(ending: Ending): void {
    if (this.isClosed) return
    this.isClosed = true
    this.heads = undefined
    this.waiting = []
    this.waitingBytes = 0
    this.onRoom = undefined
    this.requestTimedOut = undefined
    if (ending === 'whole') this.#tellEnd(ending)
    else if (this.onEnd !== undefined || this.body !== undefined)
      this.#owner.leftUndone(() => this.#tellEnd(ending))
  }

  #tellEnd(ending: Ending): void {
    const { onEnd } = this
    this.onEnd = undefined
    onEnd?.(ending)
    this.body?.breakOff()
  }

  /** Whether there is something that windows allow to be sent, the connection's aside. */
  get isSendable(): boolean {
    if (this.heads !== undefined) return true
    if (this.waitingBytes > 0) return this.sendWindow > 0
    return this.ends && !this.hasResponse
  }
}

import { connect, type Socket } from 'node:net'
import { errors } from 'undici'
import { ArrivingBody } from '../cache/fetch/arriving-body.ts'
import { UpstreamError } from '../cache/fetch/upstream-error.ts'
import type { Request, Response } from '../cache/message.ts'
import { joined } from '../cache/store/body-memory.ts'
import { Chunks } from './chunks.ts'
import { type ReadHead, readHead } from './response-head.ts'

/** Interim responses (1xx) to one request; a shield passes 16 on. */
const INTERIM_MAX = 64

/** Bounds on how long a shield may take, ms. They are looked at once a second. */
export interface LinkLimits {
  connectMs: number
  /** To a response's head. */
  headMs: number
  /** Between two pieces of a body. */
  bodyMs: number
  /** How long a connection is kept between requests: less than a shield keeps it. */
  idleMs: number
}

/** One request on its way, as the connection sees it that it was given to. */
export interface Call {
  readonly request: Request
  /** The request's head, as it is sent. */
  readonly head: string
  responded(response: Response): void
  /** No response was had. */
  failed(cause: Error, on: LinkConnection): void
  /** All of the response has come, or none of it will any more. */
  ended(): void
}

/** Who is told of a connection. */
export interface Owner {
  /** Monotonic, ms, as of the last look. */
  readonly coarseMs: number
  idle(connection: LinkConnection): void
  gone(connection: LinkConnection): void
}

/** All connections are read into it, one at a time: nothing of it outlives a read. */
const shared = Buffer.allocUnsafeSlow(65_536)

/** One connection to a shield, with one request on it at a time. */
export class LinkConnection {
  /** Whether it had answered a request before the one that it has now. */
  isReused = false
  /** Whether anything has come in answer to the request. */
  hasHeard = false
  readonly #socket: Socket
  readonly #owner: Owner
  readonly #limits: LinkLimits
  #sinceMs: number
  #call: Call | undefined
  /** What has come of a head that isn't whole. */
  #held: Buffer | undefined
  #interim = 0
  /** The head of the response whose body is coming. */
  #head: ReadHead | undefined
  #isBodyless = false
  #left = 0
  #chunks: Chunks | undefined
  #pieces: Buffer[] = []
  #body: ArrivingBody | undefined
  #isPaused = false

  constructor(at: { host: string; port: number }, owner: Owner, limits: LinkLimits) {
    this.#owner = owner
    this.#limits = limits
    this.#sinceMs = owner.coarseMs
    const callback = (length: number) => this.#received(shared.subarray(0, length))
    this.#socket = connect({ ...at, noDelay: true, onread: { buffer: shared, callback } })
    this.#socket.on('error', (error) => this.break(error))
    this.#socket.on('close', () => this.break(new ShieldLeft()))
  }

  /** Sends a request; on a connection that is still being made, as soon as it is. */
  send(call: Call): void {
    this.#call = call
    this.#sinceMs = this.#owner.coarseMs
    this.hasHeard = false
    this.#interim = 0
    this.#socket.write(call.head, 'latin1')
  }

  /** Ends the connection, and what is under way on it. */
  break(cause: Error): void {
    this.#owner.gone(this)
    this.#socket.destroy()
    const call = this.#call
    const body = this.#body
    this.#call = undefined
    this.#body = undefined
    if (call === undefined) return
    if (body !== undefined) body.destroy(cause)
    call.ended()
    if (body === undefined) call.failed(cause, this)
  }

  /** Ends what takes too long. */
  look(): void {
    const waitedMs = this.#owner.coarseMs - this.#sinceMs
    const { connectMs, headMs, bodyMs, idleMs } = this.#limits
    if (this.#call === undefined) {
      if (waitedMs > idleMs) this.break(new ShieldLeft())
    } else if (this.#socket.connecting) {
      if (waitedMs > connectMs) this.break(new errors.ConnectTimeoutError())
    } else if (this.#head === undefined) {
      if (waitedMs > headMs) this.break(new errors.HeadersTimeoutError())
    } else if (!this.#isPaused && waitedMs > bodyMs) this.break(new errors.BodyTimeoutError())
  }

  /** @returns whether more may be read */
  #received(bytes: Buffer): boolean {
    this.#sinceMs = this.#owner.coarseMs
    if (this.#call === undefined) {
      this.break(new Error('the shield spoke unasked'))
      return false
    }
    this.hasHeard = true
    try {
      const rest = this.#head === undefined ? this.#takeHeads(this.#call, bytes) : bytes
      if (this.#head !== undefined) this.#takeBody(this.#call, this.#head, rest)
    } catch (cause) {
      this.break(new UpstreamError('OriginInvalidResponseError', 'shield', { cause }))
    }
    return !this.#isPaused
  }

  /** Takes interim responses, and the head of the final one if it is all here. Returns what comes behind. */
  #takeHeads(call: Call, bytes: Buffer): Buffer {
    let rest = this.#held === undefined ? bytes : Buffer.concat([this.#held, bytes])
    this.#held = undefined
    for (;;) {
      const head = readHead(headText(rest))
      if (head === undefined) throw new Error('the head of a response can’t be read')
      if (head === 'unfinished') {
        this.#held = Buffer.from(rest)
        return rest
      }
      rest = rest.subarray(head.bytes)
      if (head.status >= 200) {
        this.#begin(call, head)
        return rest
      }
      this.#interim += 1
      if (head.status === 101 || this.#interim > INTERIM_MAX) throw new Error('interim responses without end')
      call.request.informed?.(head.status, head.fields)
      if (this.#call !== call) return rest
    }
  }

  #begin({ request }: Call, head: ReadHead): void {
    const { status, framing } = head
    const isBodyless = request.method === 'HEAD' || status === 204 || status === 304
    if (framing === undefined && !isBodyless) throw new Error('a body without a length')
    this.#head = head
    this.#isBodyless = isBodyless
    this.#left = typeof framing === 'number' && !isBodyless ? framing : 0
    this.#chunks = framing === 'chunked' && !isBodyless ? new Chunks() : undefined
  }

  #takeBody(call: Call, head: ReadHead, bytes: Buffer): void {
    const used = this.#chunks?.take(bytes, this.#give) ?? this.#takeLength(bytes)
    // Whoever reads may have given it up at a piece of it.
    if (this.#call !== call) return
    if (this.#chunks?.isWhole ?? this.#left === 0) this.#end(call, head, used < bytes.byteLength)
    else if (this.#body === undefined) this.#flow(call, head)
  }

  #takeLength(bytes: Buffer): number {
    const piece = bytes.subarray(0, this.#left)
    this.#left -= piece.byteLength
    this.#give(piece)
    return piece.byteLength
  }

  readonly #give = (piece: Buffer): void => {
    if (this.#body === undefined) this.#pieces.push(piece)
    else if (!this.#body.push(Buffer.from(piece))) this.#isPaused = true
  }

  /** The rest of the body will come: whoever asked may read what is here. */
  #flow(call: Call, head: ReadHead): void {
    const body = new ArrivingBody({ resume: () => this.#resume(), abort: (reason) => this.break(reason) })
    this.#body = body
    const pieces = this.#pieces
    this.#pieces = []
    for (const piece of pieces) this.#give(piece)
    call.responded({ status: head.status, fields: head.fields, body })
  }

  #resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#sinceMs = this.#owner.coarseMs
    this.#socket.resume()
  }

  /** @param more whether something came behind the response, which nobody asked for */
  #end(call: Call, { status, fields, closes }: ReadHead, more: boolean): void {
    const flowing = this.#body
    const body = this.#isBodyless ? undefined : joined(this.#pieces)
    this.#pieces = []
    this.#body = undefined
    this.#head = undefined
    this.#call = undefined
    this.#isPaused = false
    this.isReused = true
    if (more || closes) this.break(new ShieldLeft())
    else this.#owner.idle(this)
    call.ended()
    if (flowing === undefined) call.responded({ status, fields, body })
    else flowing.end()
  }
}

/** As far as a head may go, as text: fields are parts of it, and keep all of it in memory. */
function headText(bytes: Buffer): string {
  const end = bytes.indexOf('\r\n\r\n')
  return bytes.toString('latin1', 0, end === -1 ? bytes.byteLength : end + 4)
}

/** The shield closed the connection. */
export class ShieldLeft extends Error {
  readonly code = 'ECONNRESET'

  constructor() {
    super('the shield closed the connection')
  }
}

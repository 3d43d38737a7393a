import { errors } from 'undici'
import { failureOf } from '../cache/fetch/exchange.ts'
import { UpstreamError } from '../cache/fetch/upstream-error.ts'
import type { Leaving } from '../cache/leaving.ts'
import type { Request, Response } from '../cache/message.ts'
import { type Call, LinkConnection, type LinkLimits, type Owner } from './link-connection.ts'
import { requestHead } from './request-head.ts'

/** How often connections are looked over, ms: their time limits are as coarse as that. */
const LOOK_MS = 1_000

/** Bounds on the connections to one shield. */
export interface ShieldLinkLimits extends LinkLimits {
  connectionsMax: number
}

/**
 * Kept connections to one shield, for requests that have no body and may be sent twice. A slim client of our
 * own: each miss takes this hop, whose other end is ours as well.
 */
export interface ShieldLink {
  /**
   * Asks for a response. One that is lost because the shield had just closed the kept connection is asked for
   * once more, on a new one (RFC 9112 §9.3.1).
   *
   * @returns the response; a body that came whole together with its head is a Buffer
   * @throws UpstreamError
   */
  ask(request: Request, signal: Leaving): Promise<Response>
  destroy(): void
}

/** Prepares the link; connections are made as they are needed. @param url of the shield, `http:` */
export function openShieldLink(url: URL, limits: ShieldLinkLimits): ShieldLink {
  const at = { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port) || 80 }
  const where = `shield ${url.origin}`
  const open = new Set<LinkConnection>()
  /** The one used last is taken first, so that those beyond the need grow old. */
  const idle: LinkConnection[] = []
  const waiting = new Set<Asked>()
  const owner = {
    coarseMs: performance.now(),
    idle(connection) {
      const [next] = waiting
      if (next === undefined) idle.push(connection)
      else begin(next, connection)
    },
    gone(connection) {
      if (!open.delete(connection)) return
      const place = idle.indexOf(connection)
      if (place >= 0) idle.splice(place, 1)
      const [next] = waiting
      if (next !== undefined) begin(next, connect())
    },
  } satisfies Owner

  const timer = setInterval(() => {
    owner.coarseMs = performance.now()
    for (const connection of open) connection.look()
    for (const asked of waiting) {
      if (owner.coarseMs - asked.sinceMs > limits.headMs) asked.leave(new errors.HeadersTimeoutError())
    }
  }, LOOK_MS)
  timer.unref()

  function connect(): LinkConnection {
    const connection = new LinkConnection(at, owner, limits)
    open.add(connection)
    return connection
  }

  function begin(asked: Asked, connection: LinkConnection): void {
    waiting.delete(asked)
    asked.on = connection
    connection.send(asked)
  }

  function place(asked: Asked): void {
    const kept = idle.pop()
    if (kept !== undefined) begin(asked, kept)
    else if (open.size < limits.connectionsMax) begin(asked, connect())
    else waiting.add(asked)
  }

  /** A request that is waiting for a connection, or has one. */
  class Asked implements Call {
    readonly request: Request
    readonly head: string
    readonly sinceMs = owner.coarseMs
    on: LinkConnection | undefined
    readonly #signal: Leaving
    readonly #promised: PromiseWithResolvers<Response>
    #isRepeated = false

    constructor(request: Request, signal: Leaving, promised: PromiseWithResolvers<Response>) {
      this.request = request
      this.head = requestHead(request)
      this.#signal = signal
      this.#promised = promised
      signal.addEventListener('abort', this.#aborted)
    }

    responded(response: Response): void {
      this.#promised.resolve(response)
    }

    failed(cause: Error, on: LinkConnection): void {
      const mayRepeat = on.isReused && !on.hasHeard && !this.#isRepeated && !this.#signal.aborted
      if (mayRepeat && failureOf(cause) === 'OriginReadError') {
        this.#isRepeated = true
        this.#signal.addEventListener('abort', this.#aborted)
        begin(this, connect())
      } else this.#promised.reject(new UpstreamError(failureOf(cause), where, { cause }))
    }

    ended(): void {
      this.#signal.removeEventListener('abort', this.#aborted)
    }

    /** Gives it up, wherever it is. */
    leave(cause: Error): void {
      if (this.on !== undefined) {
        this.on.break(cause)
        return
      }
      waiting.delete(this)
      this.ended()
      this.#promised.reject(new UpstreamError(failureOf(cause), where, { cause }))
    }

    readonly #aborted = (): void => this.leave(this.#signal.reason)
  }

  return {
    ask(request, signal) {
      const promised = Promise.withResolvers<Response>()
      try {
        signal.throwIfAborted()
        place(new Asked(request, signal, promised))
      } catch (cause) {
        promised.reject(new UpstreamError(failureOf(cause), where, { cause }))
      }
      return promised.promise
    },
    destroy() {
      clearInterval(timer)
      for (const asked of waiting) asked.leave(new Error('this edge stops'))
      for (const connection of open) connection.break(new Error('this edge stops'))
    },
  }
}

import type { Dispatcher } from 'undici'
import { nameIn } from '../field-names.ts'
import type { Fields } from '../fields.ts'
import type { Leaving } from '../leaving.ts'
import type { Request, Response } from '../message.ts'
import { joined } from '../store/body-memory.ts'
import { announcedBytes } from '../store/stored-response.ts'
import { ArrivingBody } from './arriving-body.ts'

/** Interim responses (1xx) that one request may bring: each one gives it the read timeout anew. */
const INTERIM_MAX = 64

/** More interim responses than anybody has a use for. */
export class TooManyInterim extends Error {
  constructor() {
    super(`more than ${INTERIM_MAX} interim responses`)
  }
}

/** Told what a request came to, once. */
export interface Settled {
  responded(response: Response): void
  failed(cause: Error): void
}

/**
 * Takes one response as undici reads it, with nothing of undici's in between: what came in one read with the
 * head is looked at once that read is over, and a body that was all in it never becomes a stream.
 */
export class IncomingResponse implements Dispatcher.DispatchHandler {
  readonly #request: Request
  readonly #signal: Leaving
  readonly #settled: Settled
  #controller: Dispatcher.DispatchController | undefined
  #status = 0
  #fields: Fields = []
  /** What came of the body before anybody could have read it. */
  #chunks: Buffer[] = []
  #body: ArrivingBody | undefined
  /** What is still to come of a body whose length was announced, bytes; else `NaN`. */
  #left = Number.NaN
  #interim = 0
  #isSettled = false
  #isWhole = false

  /** @param signal ends the exchange, at once even where no connection has been had yet */
  constructor(request: Request, signal: Leaving, settled: Settled) {
    this.#request = request
    this.#signal = signal
    this.#settled = settled
    if (signal.aborted) this.#leave()
    else signal.addEventListener('abort', this.#leave)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#isSettled) controller.abort(this.#signal.reason)
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    const fields = fieldsOf(controller.rawHeaders as Buffer[])
    if (status < 200) {
      this.#interim += 1
      if (this.#interim > INTERIM_MAX) controller.abort(new TooManyInterim())
      else this.#request.informed?.(status, fields)
      return
    }
    this.#status = status
    this.#fields = fields
    this.#left = announcedBytes(fields) ?? Number.NaN
    queueMicrotask(this.#respond)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#left -= chunk.byteLength
    if (this.#body === undefined) this.#chunks.push(chunk)
    // Paused before it has seen the end, undici takes a connection that then closes for one that broke off.
    else if (!this.#body.push(chunk) && this.#left !== 0) controller.pause()
  }

  onResponseEnd(): void {
    this.#isWhole = true
    this.#signal.removeEventListener('abort', this.#leave)
    this.#body?.end()
  }

  onResponseError(_: unknown, error: Error): void {
    this.#signal.removeEventListener('abort', this.#leave)
    this.#request.body?.on('error', () => undefined).destroy(error)
    if (this.#body === undefined) this.#fail(error)
    else this.#body.destroy(error)
  }

  readonly #leave = (): void => {
    if (this.#body !== undefined) {
      this.#body.destroy(this.#signal.reason)
      return
    }
    this.#fail(this.#signal.reason)
    this.#controller?.abort(this.#signal.reason)
  }

  #fail(cause: Error): void {
    if (this.#isSettled) return
    this.#isSettled = true
    this.#settled.failed(cause)
  }

  readonly #respond = (): void => {
    if (this.#isSettled) return
    this.#isSettled = true
    this.#settled.responded({ status: this.#status, fields: this.#fields, body: this.#bodySoFar() })
  }

  /** The whole body in memory of its own, or a stream of what is here and what still comes. */
  #bodySoFar(): Response['body'] {
    const isBodyless = this.#request.method === 'HEAD' || this.#status === 204 || this.#status === 304
    const chunks = this.#chunks
    this.#chunks = []
    if (isBodyless) return undefined
    if (this.#isWhole) return joined(chunks)
    const body = new ArrivingBody(this.#controller as Dispatcher.DispatchController)
    for (const chunk of chunks) body.push(chunk)
    this.#body = body
    return body
  }
}

/** Names and values as they were sent (latin1, as node:http has them). */
function fieldsOf(raw: readonly Buffer[]): string[] {
  return raw.map((bytes, at) => {
    const text = bytes.toString('latin1')
    return at % 2 === 0 ? nameIn(text, 0, text.length) : text
  })
}

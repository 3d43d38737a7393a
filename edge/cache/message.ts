import { Readable } from 'node:stream'
import type { Fields } from './fields.ts'
import type { Leaving } from './leaving.ts'

/** The part of a request before its body (RFC 9110 §6.2). */
export interface RequestHead {
  /** Upper case, as on the wire. */
  method: string
  /** `http` or `https`, as the viewer came. */
  scheme: string
  /** Authority without user information; the port is kept when it was sent. */
  host: string
  /** Origin form: path and query, as on the wire (RFC 9112 §3.2.1). */
  target: string
  fields: Fields
}

/** A request on its way to an origin or a shield. */
export interface Request extends RequestHead {
  /** Body of an unsafe request; `undefined` when there is none. */
  body?: Readable | undefined
  /** Under which name an origin is asked: its own or the viewer's; as its settings say when left out. */
  hostHeader?: 'origin' | 'viewer'
  /** Told of interim responses (1xx) while the final one is waited for. */
  informed?: (status: number, fields: Fields) => void
}

/** The part of a response before its body. */
export interface ResponseHead {
  status: number
  fields: Fields
}

/** A response as it comes in: the head is whole, the body may still flow. */
export interface Response extends ResponseHead {
  /**
   * The body; `undefined` when the response has none (HEAD, 204, 304). One that came together with its head is
   * a Buffer, all of it and in memory of its own: small ones cost no stream. A body that still flows and is cut
   * off ends in an 'error' event, never in a clean end.
   */
  body?: Readable | Buffer | undefined
}

/**
 * Whatever is asked when the cache can't answer: a shield, or an origin.
 *
 * Rejects with an `UpstreamError` when no response was had. Aborting the signal ends the exchange
 * and destroys the body.
 */
export type Upstream = (request: Request, signal: Leaving) => Promise<Response>

/** A response's body as a stream, however it came. */
export function bodyStream({ body }: Response): Readable {
  if (body instanceof Readable) return body
  return Readable.from(body === undefined ? [] : [body])
}

/** Ends a response that nobody reads: its connection is given up, and that is no error to anybody. */
export function discardBody({ body }: Response): void {
  if (body instanceof Readable) body.on('error', () => undefined).destroy()
}

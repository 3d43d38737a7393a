import type { Leaving } from './cache/leaving.ts'
import type { Request } from './cache/message.ts'
import type { Place } from './geo/place.ts'

/** One request as it came from a viewer, with what is known of the connection. */
export interface ViewerRequest {
  /**
   * `host` has one spelling a name: lower case, no trailing dot, the port only where it isn't the scheme's
   * own. `target` is normalised (`distribution/normalise.ts`).
   */
  request: Request
  /** The host without its port; empty when the request is malformed. */
  hostName: string
  requestId: string
  /** As `HTTP/1.1`. */
  protocolVersion: string
  address: string
  port: number
  /** As `TLSv1.3`, or empty. */
  tlsProtocol: string
  tlsCipher: string
  /** The name that the connection is for (SNI), empty for none; `undefined` when unknown, or without TLS. */
  servername: string | undefined
  /** Where the viewer is, if that was looked up when it connected. */
  place?: Place | undefined
  /** Aborted when the viewer leaves before the response is whole. */
  gone: Leaving
  /** Why it can't be answered but with 400, in words for the viewer. */
  malformed?: string
}

/** What went over the wire for one request. Times are in µs from the request's head. */
export interface Transfer {
  /** 0 when the viewer left before any. */
  status: number
  bytesSent: number
  bytesReceived: number
  timeToFirstByteUs: number
  timeTakenUs: number
}

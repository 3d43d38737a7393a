import type { Request } from './cache/message.ts'

/** One request as it came from a viewer, with what is known of the connection. */
export interface ViewerRequest {
  /** `host` is in lower case and keeps its port. */
  request: Request
  /** Lower case, without the port. */
  hostName: string
  requestId: string
  /** As `HTTP/1.1`. */
  protocolVersion: string
  address: string
  port: number
  /** As `TLSv1.3`, or empty. */
  tlsProtocol: string
  tlsCipher: string
  /** Aborted when the viewer leaves before the response is whole. */
  gone: AbortSignal
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

import type { TLSSocket } from 'node:tls'

/** Answers the connections that chose `h2` (RFC 9113). */
export interface Http2 {
  /** Takes a connection on which nothing was read yet. It was counted when it came in. */
  take(socket: TLSSocket): void
  /** How many requests were answered from memory. */
  readonly answered: number
  /** Connections that were ended because what came over them broke the protocol or a limit. */
  readonly broken: number
  /** Takes no more requests; resolves when all connections have ended. */
  close(): Promise<void>
}

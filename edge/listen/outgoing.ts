import type { Socket } from 'node:net'

/** Where a connection's responses are written. */
export interface Outgoing {
  readonly socket: Socket
  /** How they go past the socket's stream; `undefined` where they don't. */
  readonly straight: Straight | undefined
}

/** Writes past a socket's stream, which stays there for all else. */
export interface Straight {
  /** Whether nothing is being written, neither by us nor by the stream. */
  readonly isClear: boolean
  /**
   * Writes bytes, which nobody may change until it is clear again.
   *
   * @param done told when the kernel has them, or never will
   * @returns whether it does: else they are for the stream
   */
  write(bytes: Buffer, done?: Taken): boolean
}

/** @param error why they never came there: the connection is gone */
export type Taken = (error?: Error | null) => void

/** Whether nothing that was written waits. */
export function isClear({ socket, straight }: Outgoing): boolean {
  return straight === undefined ? socket.writableLength === 0 : straight.isClear
}

/** Writes bytes, which nobody may change until it is clear again. @param done as in `Straight.write` */
export function writeBytes({ socket, straight }: Outgoing, bytes: Buffer, done?: Taken): void {
  if (!straight?.write(bytes, done)) socket.write(bytes, done)
}

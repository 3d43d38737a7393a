/** Frames of HTTP/2 as bytes (RFC 9113 §4, §6, §7). */

export const FRAME_HEAD_BYTES = 9

/** Largest frame that we take (SETTINGS_MAX_FRAME_SIZE is left at its least) and that we send, bytes of payload. */
export const FRAME_BYTES_MAX = 16_384

/** Windows before anybody has said otherwise (§6.9.2), and the widest (§6.9.1), bytes. */
export const WINDOW_BYTES = 65_535
export const WINDOW_BYTES_MAX = 2 ** 31 - 1

/** Largest id of a stream. */
export const STREAM_ID_MAX = 2 ** 31 - 1

/** What a client says first (§3.4). */
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

/** Types (§6; PRIORITY_UPDATE is of RFC 9218 §7.1). */
export const TYPE = {
  data: 0,
  headers: 1,
  priority: 2,
  resetStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
  priorityUpdate: 16,
} as const

/** Flags (§6). `ack` and `endStream` are one bit. */
export const FLAG = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 32 } as const

/** Error codes (§7). */
export const CODE = {
  noError: 0,
  protocolError: 1,
  internalError: 2,
  flowControlError: 3,
  settingsTimeout: 4,
  streamClosed: 5,
  frameSizeError: 6,
  refusedStream: 7,
  cancel: 8,
  compressionError: 9,
  connectError: 10,
  enhanceYourCalm: 11,
} as const

/** Settings (§6.5.2; RFC 8441 §3, RFC 9218 §2.1). */
export const SETTING = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
  enableConnectProtocol: 8,
  noRfc7540Priorities: 9,
} as const

/** What ends a whole connection: GOAWAY with this code (§5.4.1). The message is for the log. */
export class ConnectionError extends Error {
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

/** Writes a frame's head, and returns where its payload begins. */
export function writeFrameHead(
  into: Buffer,
  at: number,
  { bytes, type, flags, id }: { bytes: number; type: number; flags: number; id: number },
): number {
  into[at] = bytes >>> 16
  into[at + 1] = bytes >>> 8
  into[at + 2] = bytes
  into[at + 3] = type
  into[at + 4] = flags
  writeNumber32(into, at + 5, id)
  return at + FRAME_HEAD_BYTES
}

/** An unsigned number of 32 bits in network order. */
export function writeNumber32(into: Uint8Array, at: number, value: number): void {
  into[at] = value >>> 24
  into[at + 1] = value >>> 16
  into[at + 2] = value >>> 8
  into[at + 3] = value
}

export function readNumber32(from: Uint8Array, at: number): number {
  return (
    (((from[at] as number) << 24) |
      ((from[at + 1] as number) << 16) |
      ((from[at + 2] as number) << 8) |
      (from[at + 3] as number)) >>>
    0
  )
}

/** The same of 31 bits, whatever the first one is (§4.1). */
export function readNumber31(from: Uint8Array, at: number): number {
  return readNumber32(from, at) & 0x7fff_ffff
}

/**
 * A header block as frames: HEADERS, and CONTINUATION for what doesn't fit into it (§4.3).
 *
 * @param flags `endStream` or 0
 */
export function headerFrames(id: number, block: Uint8Array, flags: number): Buffer {
  const frames = Math.max(1, Math.ceil(block.byteLength / FRAME_BYTES_MAX))
  const all = Buffer.allocUnsafe(block.byteLength + frames * FRAME_HEAD_BYTES)
  let at = 0
  for (let frame = 0; frame < frames; frame += 1) {
    const part = block.subarray(frame * FRAME_BYTES_MAX, (frame + 1) * FRAME_BYTES_MAX)
    const isLast = frame === frames - 1
    at = writeFrameHead(all, at, {
      bytes: part.byteLength,
      type: frame === 0 ? TYPE.headers : TYPE.continuation,
      flags: (frame === 0 ? flags : 0) | (isLast ? FLAG.endHeaders : 0),
      id,
    })
    all.set(part, at)
    at += part.byteLength
  }
  return all
}

import type { ListenLimits } from '../settings.ts'
import { CODE, ConnectionError, FLAG } from './frames.ts'
import { LimitBroken } from './limit-broken.ts'

/** A whole header block, or what there is of one. */
export interface HeaderBlock {
  id: number
  endsStream: boolean
  bytes: Buffer
  from: number
  to: number
}

/** What HEADERS may begin with when they have a priority (RFC 9113 §6.2): it means nothing any more. */
const PRIORITY_BYTES = 5

/** Finds the block in HEADERS, without padding and priority (RFC 9113 §6.2). @throws ConnectionError */
export function blockIn(flags: number, id: number, bytes: Buffer, start: number, end: number): HeaderBlock {
  let from = start
  let to = end
  if ((flags & FLAG.padded) !== 0) {
    if (from === to) throw new ConnectionError(CODE.frameSizeError, 'padded HEADERS lack the length of it')
    const padding = bytes[from] as number
    from += 1
    to -= padding
  }
  if ((flags & FLAG.priority) !== 0) {
    if (end - from < PRIORITY_BYTES) throw new ConnectionError(CODE.frameSizeError, 'HEADERS are too short')
    from += PRIORITY_BYTES
  }
  if (to < from) throw new ConnectionError(CODE.protocolError, 'padding is longer than its frame')
  return { id, endsStream: (flags & FLAG.endStream) !== 0, bytes, from, to }
}

/** A header block that comes in several frames, with nothing in between (RFC 9113 §4.3, §6.10). */
export class UnfinishedBlock {
  readonly id: number
  readonly sinceMs: number
  readonly #endsStream: boolean
  readonly #limits: ListenLimits
  readonly #parts: Buffer[]
  #bytes: number
  #frames = 0

  /** @param nowMs when it began, monotonic */
  constructor(first: HeaderBlock, nowMs: number, limits: ListenLimits) {
    this.id = first.id
    this.sinceMs = nowMs
    this.#endsStream = first.endsStream
    this.#limits = limits
    this.#parts = [Buffer.from(first.bytes.subarray(first.from, first.to))]
    this.#bytes = first.to - first.from
  }

  /** Adds what CONTINUATION brings. @throws LimitBroken */
  add(bytes: Buffer, from: number, to: number): void {
    this.#frames += 1
    this.#bytes += to - from
    if (this.#frames > this.#limits.continuationsMax) throw new LimitBroken('continuationsMax')
    if (this.#bytes > this.#limits.headerBlockBytesMax) throw new LimitBroken('headerBlockBytesMax')
    if (to > from) this.#parts.push(Buffer.from(bytes.subarray(from, to)))
  }

  whole(): HeaderBlock {
    const bytes = Buffer.concat(this.#parts)
    return { id: this.id, endsStream: this.#endsStream, bytes, from: 0, to: bytes.byteLength }
  }
}

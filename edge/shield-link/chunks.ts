/** Longest line that says how long a chunk is, bytes: no shield of ours adds extensions. */
const SIZE_LINE_MAX = 10

const LF = 0x0a

/** What may come next. */
type Expected = 'size' | 'data' | 'data-end' | 'last-end' | 'nothing'

/**
 * Takes the chunks of a body apart as they come (RFC 9112 §7.1), without extensions and trailers: whatever isn't
 * that is an error.
 */
export class Chunks {
  #expected: Expected = 'size'
  /** What has come of a line that isn't whole. */
  #line = ''
  #left = 0

  /** Whether the last chunk has come. */
  get isWhole(): boolean {
    return this.#expected === 'nothing'
  }

  /**
   * Takes bytes in.
   *
   * @param give is given each piece of the body; a view that lasts as long as `bytes` do
   * @returns how many bytes belonged to the body: fewer than there were once it is whole
   * @throws Error when they are no chunks
   */
  take(bytes: Buffer, give: (piece: Buffer) => void): number {
    let at = 0
    while (at < bytes.byteLength && this.#expected !== 'nothing') {
      if (this.#expected === 'data') {
        const piece = bytes.subarray(at, at + this.#left)
        give(piece)
        at += piece.byteLength
        this.#left -= piece.byteLength
        if (this.#left === 0) this.#expected = 'data-end'
      } else {
        this.#takeOfLine(bytes[at] as number)
        at += 1
      }
    }
    return at
  }

  #takeOfLine(byte: number): void {
    if (byte === LF && this.#line.endsWith('\r')) {
      this.#endLine(this.#line.slice(0, -1))
      this.#line = ''
      return
    }
    if (byte === LF || this.#line.endsWith('\r') || this.#line.length >= SIZE_LINE_MAX) throw new NoChunks()
    this.#line += String.fromCharCode(byte)
  }

  #endLine(line: string): void {
    if (this.#expected !== 'size') {
      if (line !== '') throw new NoChunks()
      this.#expected = this.#expected === 'data-end' ? 'size' : 'nothing'
      return
    }
    if (!/^[0-9A-Fa-f]{1,8}$/.test(line)) throw new NoChunks()
    this.#left = Number.parseInt(line, 16)
    this.#expected = this.#left === 0 ? 'last-end' : 'data'
  }
}

/** A body that was to come in chunks, and doesn't. */
class NoChunks extends Error {
  constructor() {
    super('what came are no chunks')
  }
}

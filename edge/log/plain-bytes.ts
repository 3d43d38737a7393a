const BACKSLASH = 0x5c

/** The bytes that a value of a line consists of: 1. None of them needs escaping in any TSV (see record.ts). */
const IS_PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte < 0x20 || byte > 0x7e || byte === BACKSLASH ? 0 : 1,
)

/** Bytes, and the same memory four at a time, from the last place before them where it can be read so. */
export interface Bytes {
  bytes: Buffer
  words: Int32Array
}

export function wordsOf(bytes: Buffer): Int32Array {
  const begin = bytes.byteOffset & ~3
  return new Int32Array(bytes.buffer, begin, (bytes.byteOffset + bytes.length - begin) >> 2)
}

/** @returns where the next byte is that ends a value or that no line may have, or `until` */
export function passPlain({ bytes, words }: Bytes, from: number, until: number): number {
  const unaligned = bytes.byteOffset & 3
  for (let at = from; at < until; at += 1) {
    if (((at + unaligned) & 3) === 0) {
      while (at + 4 <= until && isPlain(words[(at + unaligned) >> 2] as number)) at += 4
      if (at === until) return until
    }
    if (IS_PLAIN[bytes[at] as number] === 0) return at
  }
  return until
}

/**
 * Whether four bytes are plain, as `IS_PLAIN` says of one: at once, so that most of a line takes a quarter of the steps.
 * A byte's highest bit tells whether what was subtracted from it had to borrow.
 */
function isPlain(word: number): boolean {
  const belowSpace = (word - 0x20202020) & ~word
  const beyondTilde = word + 0x01010101
  const fromBackslash = word ^ 0x5c5c5c5c
  const isBackslash = (fromBackslash - 0x01010101) & ~fromBackslash
  return ((belowSpace | beyondTilde | word | isBackslash) & 0x80808080) === 0
}

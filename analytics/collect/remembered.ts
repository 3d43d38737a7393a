/** Places in which one text may stand; the next one that belongs there takes them in turn. */
const WAYS = 4

/** Of a text's length, which is below 65,536. */
const LENGTH_BYTES = 2

/** What is worked out of the text at `start` to `end`, a byte a character. */
export type OfBytes<Answer> = (bytes: Uint8Array, start: number, end: number) => Answer

/** How much is remembered. */
export interface Memory {
  /** How many answers, rounded up to a power of two. */
  answers: number
  /** Longest text, bytes: viewers choose what is in some of them. Each has as much memory, which costs once it is used. */
  textBytes: number
}

/**
 * A function of a part of a line that remembers what it has worked out lately: most records of an hour have hosts,
 * addresses and User-Agents in common with others.
 *
 * Texts are kept and compared as the bytes that they are: to make a string of each and its hash cost more than all
 * else of a line. What is remembered has a fixed size, and whoever makes up texts only drives out those of a few places.
 */
export function remembered<Answer>(
  { answers: max, textBytes }: Memory,
  workOut: (text: string) => Answer,
): OfBytes<Answer> {
  // Twice as many, or one in ten would find all its places taken.
  const places = 2 * 2 ** Math.ceil(Math.log2(max))
  const hashes = new Int32Array(places)
  // Each behind its length, so that both are in one line of the processor's cache.
  const slotBytes = LENGTH_BYTES + textBytes
  const texts = new Uint8Array(places * slotBytes)
  const answers = new Array<Answer>(places)
  let turn = 0

  return (bytes, start, end) => {
    const length = end - start
    const hash = hashOf(bytes, start, end)
    // The high bits are the better mixed.
    const first = (hash ^ (hash >>> 15)) & (places - 1) & -WAYS
    for (let place = first; place < first + WAYS; place += 1) {
      if (hashes[place] === hash && isSame(texts, place * slotBytes, bytes, start, length)) {
        return answers[place] as Answer
      }
    }
    const answer = workOut(textOf(bytes, start, end))
    if (length > textBytes) return answer
    const place = first + turn
    turn = (turn + 1) % WAYS
    hashes[place] = hash
    const slot = place * slotBytes
    texts[slot] = length
    texts[slot + 1] = length >>> 8
    texts.set(bytes.subarray(start, end), slot + LENGTH_BYTES)
    answers[place] = answer
    return answer
  }
}

/** A part of a line as text, a byte a character. */
export function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')
}

/** FNV-1a, never 0, which stands for a place that nothing was put in. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5 | 0
  for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193)
  return hash === 0 ? 1 : hash
}

/** Whether it is the text in a slot. */
function isSame(texts: Uint8Array, slot: number, bytes: Uint8Array, start: number, length: number): boolean {
  if (((texts[slot] as number) | ((texts[slot + 1] as number) << 8)) !== length) return false
  const from = slot + LENGTH_BYTES
  for (let at = 0; at < length; at += 1) if (texts[from + at] !== bytes[start + at]) return false
  return true
}

/** Longest text that is remembered, bytes: viewers choose what is in some of them. */
const TEXT_MAX = 512

/** Places in which one text may stand; the next one that belongs there takes them in turn. */
const WAYS = 4

/** What is worked out of the text at `start` to `end`, a byte a character. */
export type OfBytes<Answer> = (bytes: Uint8Array, start: number, end: number) => Answer

/**
 * A function of a part of a line that remembers what it has worked out lately: most records of an hour have hosts,
 * addresses and User-Agents in common with others.
 *
 * Texts are compared as the bytes that they are: to make a string of each and its hash cost more than all else of
 * a line. What is remembered has a fixed size, and whoever makes up texts only drives out those of a few places.
 *
 * @param max how many answers are remembered, rounded up to a power of two
 */
export function remembered<Answer>(max: number, workOut: (text: string) => Answer): OfBytes<Answer> {
  // Twice as many, or one in ten would find all its places taken.
  const places = 2 * 2 ** Math.ceil(Math.log2(max))
  const hashes = new Int32Array(places)
  const texts = new Array<string>(places).fill('')
  const answers = new Array<Answer>(places)
  let turn = 0

  return (bytes, start, end) => {
    const hash = hashOf(bytes, start, end)
    // The high bits are the better mixed.
    const first = (hash ^ (hash >>> 15)) & (places - 1) & -WAYS
    for (let place = first; place < first + WAYS; place += 1) {
      if (hashes[place] === hash && isSame(texts[place] as string, bytes, start, end)) {
        return answers[place] as Answer
      }
    }
    const text = textOf(bytes, start, end)
    const answer = workOut(text)
    if (text.length > TEXT_MAX) return answer
    const place = first + turn
    turn = (turn + 1) % WAYS
    hashes[place] = hash
    texts[place] = text
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

function isSame(text: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (text.length !== end - start) return false
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) !== bytes[start + at]) return false
  return true
}

/**
 * The lot of an edge for a key; the least wins. Weighted rendezvous hashing: each edge wins as many keys as its
 * weight's share, and one that goes moves only its own keys.
 *
 * @param weight over 0
 */
export function drawOf(key: string, code: string, weight: number): number {
  // Never 0, whose logarithm is infinite for all.
  const uniform = (hash(`${key} ${code}`) + 1) / 4_294_967_297
  return -Math.log(uniform) / weight
}

/** FNV-1a over UTF-16 units, then murmur3's last step: keys that differ in one bit draw apart. */
function hash(text: string): number {
  let state = 0x811c9dc5
  for (let at = 0; at < text.length; at++) {
    state = Math.imul(state ^ text.charCodeAt(at), 0x01000193)
  }
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b)
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35)
  return (state ^ (state >>> 16)) >>> 0
}

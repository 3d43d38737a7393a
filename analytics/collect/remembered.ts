/** Longest key that is remembered, characters: viewers choose what is in some of them. */
const KEY_MAX = 512

/**
 * A function that remembers what it has worked out lately: most records of an hour have hosts, addresses and
 * User-Agents in common with others.
 *
 * Two generations take turns: what was asked for again while one filled up goes on into the next, all else is
 * forgotten with the older. An order of last use, as an LRU keeps it, cost more than what is remembered.
 *
 * @param max how many answers are remembered; its callers say what they are worked out of in a key
 */
export function remembered<Of, Answer extends {}>(
  max: number,
  keyOf: (of: Of) => string,
  workOut: (of: Of) => Answer,
): (of: Of) => Answer {
  let young = new Map<string, Answer>()
  let old = new Map<string, Answer>()
  return (of) => {
    const key = keyOf(of)
    if (key.length > KEY_MAX) return workOut(of)
    const known = young.get(key)
    if (known !== undefined) return known
    const answer = old.get(key) ?? workOut(of)
    if (young.size >= max / 2) {
      old = young
      young = new Map()
    }
    young.set(key, answer)
    return answer
  }
}

import { LRUCache } from 'lru-cache'

/**
 * A function that remembers what it has worked out lately: most records of an hour have hosts, addresses and
 * User-Agents in common with others.
 *
 * @param max how many answers are remembered; its callers say what they are worked out of in a key
 */
export function remembered<Of, Answer extends {}>(
  max: number,
  keyOf: (of: Of) => string,
  workOut: (of: Of) => Answer,
): (of: Of) => Answer {
  const known = new LRUCache<string, Answer>({ max })
  return (of) => {
    const key = keyOf(of)
    const before = known.get(key)
    if (before !== undefined) return before
    const answer = workOut(of)
    known.set(key, answer)
    return answer
  }
}

import { LRUCache } from 'lru-cache'

/** Kinds of answers to networks that are kept an eye on. */
const KEPT_MAX = 100_000
/** How many seconds' answers a network may save up. */
const BURST_SECONDS = 2

/** What becomes of one answer over UDP. */
export type Verdict = 'send' | 'truncate' | 'drop'

/**
 * Response-rate limiting: alike answers to one network are few a second, for a flood of them is meant for somebody
 * whose address the questions bear. Of the rest each `slip`th says "ask over TCP", so that who really asks gets
 * through.
 */
export interface RateLimit {
  /** @param key names the network and the answer */
  verdict(key: string, nowMs: number): Verdict
  readonly dropped: number
  readonly truncated: number
}

interface Account {
  left: number
  atMs: number
  over: number
}

/** @param perSecond 0 for no limit @param slip 0 for silence only */
export function rateLimit(perSecond: number, slip: number): RateLimit {
  const accounts = new LRUCache<string, Account>({ max: KEPT_MAX })
  const most = perSecond * BURST_SECONDS
  const counts = { dropped: 0, truncated: 0 }

  function opened(key: string, nowMs: number): Account {
    const account = { left: most, atMs: nowMs, over: 0 }
    accounts.set(key, account)
    return account
  }

  function verdict(key: string, nowMs: number): Verdict {
    if (perSecond === 0) return 'send'
    const account = accounts.get(key) ?? opened(key, nowMs)
    const earned = (Math.max(0, nowMs - account.atMs) * perSecond) / 1_000
    account.left = Math.min(most, account.left + earned)
    account.atMs = nowMs
    if (account.left >= 1) {
      account.left -= 1
      return 'send'
    }
    account.over += 1
    if (slip > 0 && account.over % slip === 0) {
      counts.truncated += 1
      return 'truncate'
    }
    counts.dropped += 1
    return 'drop'
  }
  return {
    verdict,
    get dropped() {
      return counts.dropped
    },
    get truncated() {
      return counts.truncated
    },
  }
}

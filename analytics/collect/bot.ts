import { isbot } from 'isbot'
import { LRUCache } from 'lru-cache'

/** User-Agents remembered: matching one costs 1 µs, and most requests of an hour come with a few hundred. */
const REMEMBERED_MAX = 10_000

/**
 * Tells programs from people by what they say they are (`User-Agent`). Who says nothing is a program:
 * every browser says something.
 */
export function createBotFilter(): (userAgent: string) => boolean {
  const known = new LRUCache<string, boolean>({ max: REMEMBERED_MAX })

  return (userAgent) => {
    if (userAgent === '') return true
    const remembered = known.get(userAgent)
    if (remembered !== undefined) return remembered
    const bot = isbot(userAgent)
    known.set(userAgent, bot)
    return bot
  }
}

import { isbot } from 'isbot'
import { remembered } from './remembered.ts'

/** User-Agents remembered: matching one costs 1 µs, and most requests of an hour come with a few hundred. */
const REMEMBERED_MAX = 10_000

/**
 * Tells programs from people by what they say they are (`User-Agent`). Who says nothing is a program:
 * every browser says something.
 */
export function createBotFilter(): (userAgent: string) => boolean {
  return remembered(
    REMEMBERED_MAX,
    (userAgent) => userAgent,
    (userAgent) => userAgent === '' || isbot(userAgent),
  )
}

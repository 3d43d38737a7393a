import { isbot } from 'isbot'

/**
 * Tells programs from people by what they say they are (`User-Agent`). Who says nothing is a program:
 * every browser says something.
 */
export function isBotAgent(userAgent: string): boolean {
  return userAgent === '' || isbot(userAgent)
}

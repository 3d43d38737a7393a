import { readFileSync } from 'node:fs'
import type { Coordinates } from '../nearest/sphere.ts'

/** Made by `main.ts` from DB-IP's city database (CC BY 4.0). */
const centres: Record<string, [latitude: number, longitude: number]> = JSON.parse(
  readFileSync(new URL('centres.json', import.meta.url), 'utf8'),
)

/** Where a country's addresses are, on the whole; `undefined` for one that is unknown. @param country ISO 3166-1 alpha-2 */
export function centreOf(country: string): Coordinates | undefined {
  const centre = Object.hasOwn(centres, country) ? centres[country] : undefined
  return centre && { latitude: centre[0], longitude: centre[1] }
}

/** All that have a centre, by code. */
export function countries(): string[] {
  return Object.keys(centres)
}

import { houseInFrontOf } from '../edge/house.ts'
import { startEngine } from './engine.ts'

/** What the suite is run against, in words. The first is what counts. */
export const ARRANGEMENTS = {
  house: 'edge and shield together',
  engine: 'the cache engine alone',
} as const

export type Arrangement = keyof typeof ARRANGEMENTS

/** Starts one between the suite's client and its origin. @returns base URL */
export async function startArrangement(
  arrangement: Arrangement,
  originUrl: string,
  parts: AsyncDisposableStack,
): Promise<string> {
  if (arrangement === 'engine') return startEngine(originUrl, parts)
  const house = parts.use(
    await houseInFrontOf([
      { id: 'suite', aliases: ['*'], origins: [{ id: 'origin', http: { url: originUrl } }] },
    ]),
  )
  return `http://127.0.0.1:${house.port}`
}

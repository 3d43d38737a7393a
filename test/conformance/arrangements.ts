import { houseInFrontOf } from '../edge/house.ts'
import { startEngine } from './engine.ts'

/** What the suite is run against, in words. The first is what counts. */
export const ARRANGEMENTS = {
  house: 'edge and shield together',
  engine: 'the engine alone',
} as const

export type Arrangement = keyof typeof ARRANGEMENTS

/** One of the suite's methods is none that CloudFront passes on, and so none that we do unless told to. */
const METHODS = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'POST', 'DELETE', 'M-SEARCH']

/** Starts one between the suite's client and its origin. @returns base URL */
export async function startArrangement(
  arrangement: Arrangement,
  originUrl: string,
  parts: AsyncDisposableStack,
): Promise<string> {
  if (arrangement === 'engine') return startEngine(originUrl, parts)
  const origins = [{ id: 'origin', http: { url: originUrl } }]
  const site = { id: 'suite', aliases: ['*'], origins, defaultCacheBehavior: { allowedMethods: METHODS } }
  const house = parts.use(await houseInFrontOf([site]))
  return `http://127.0.0.1:${house.port}`
}

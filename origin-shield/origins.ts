import type { Logger } from 'pino'
import { behaviorOf, type Distributions, matchDistributions } from '../edge/distribution/match.ts'
import type { ShieldDistribution } from './distribution-schema.ts'
import { openOrigin } from './origin/open-origin.ts'
import type { Origin } from './origin/origin.ts'

/** The origins of all distributions, and the choice among them. */
export interface Origins extends AsyncDisposable {
  /** The origin that a distribution's rule for a target names, or `undefined` for an unknown distribution. */
  ofRequest(distribution: string, target: string): Origin | undefined
}

/** Opens every origin. One that can't be used is logged, not fatal: it may come later, and others work. */
export async function openOrigins(
  distributions: readonly ShieldDistribution[],
  log: Logger,
): Promise<Origins> {
  const matched: Distributions = matchDistributions(distributions)
  const opened = new Map<string, ReadonlyMap<string, Origin>>()
  for (const { id, origins } of distributions) {
    opened.set(id, new Map(origins.map((settings) => [settings.id, openOrigin(settings)])))
  }
  await Promise.all(
    [...opened].flatMap(([distribution, origins]) =>
      [...origins.values()].map((origin) => reportProblem(distribution, origin, log)),
    ),
  )
  return {
    ofRequest(distribution, target) {
      const rules = matched.withId(distribution)
      const origins = opened.get(distribution)
      if (rules === undefined || origins === undefined) return undefined
      const { targetOriginId } = behaviorOf(rules, target)
      return targetOriginId === undefined ? origins.values().next().value : origins.get(targetOriginId)
    },
    async [Symbol.asyncDispose]() {
      const all = [...opened.values()].flatMap((origins) => [...origins.values()])
      await Promise.all(all.map((origin) => origin[Symbol.asyncDispose]()))
    },
  }
}

async function reportProblem(distribution: string, origin: Origin, log: Logger): Promise<void> {
  const problem = await origin.problem().catch((error: unknown) => String(error))
  if (problem === undefined) return
  log.warn(
    { distribution, origin: origin.name, problem },
    'an origin can’t be used; its requests get 502 until it can',
  )
}

import type { Logger } from 'pino'
import { filterFields } from '../edge/cache/fields.ts'
import { behaviorOf, type Distributions, matchDistributions } from '../edge/distribution/match.ts'
import type { PreparedBehavior } from '../edge/distribution/prepared-behavior.ts'
import type { ShieldDistribution } from './distribution-schema.ts'
import { openOrigin } from './origin/open-origin.ts'
import type { Origin } from './origin/origin.ts'
import type { OriginSettings } from './origin/schema.ts'
import { originGroup } from './origin-group.ts'

/** The origins of all distributions, and the choice among them. */
export interface Origins extends AsyncDisposable {
  /** The rule of a distribution for a target, and the origin that it names; `undefined` for an unknown distribution. */
  ofRequest(distribution: string, target: string): Route | undefined
}

/** Where a request goes, and by which rule. */
export interface Route {
  behavior: PreparedBehavior
  origin: Origin
}

/** Opens every origin. One that can't be used is logged, not fatal: it may come later, and others work. */
export async function openOrigins(
  distributions: readonly ShieldDistribution[],
  log: Logger,
): Promise<Origins> {
  const matched: Distributions = matchDistributions(distributions)
  const opened = new Map<string, ReadonlyMap<string, Origin>>()
  for (const { id, origins } of distributions) {
    opened.set(id, new Map(origins.map((settings) => [settings.id, withCustomHeaders(settings)])))
  }
  const targets = new Map(distributions.map((one) => [one.id, targetsOf(one, opened.get(one.id))] as const))
  await Promise.all(
    [...opened].flatMap(([distribution, origins]) =>
      [...origins.values()].map((origin) => reportProblem(distribution, origin, log)),
    ),
  )
  return {
    ofRequest(distribution, target) {
      const rules = matched.withId(distribution)
      const byId = targets.get(distribution)
      if (rules === undefined || byId === undefined) return undefined
      const behavior = behaviorOf(rules, target)
      const { targetOriginId } = behavior
      const origin = targetOriginId === undefined ? byId.values().next().value : byId.get(targetOriginId)
      return origin && { behavior, origin }
    },
    async [Symbol.asyncDispose]() {
      const all = [...opened.values()].flatMap((origins) => [...origins.values()])
      await Promise.all(all.map((origin) => origin[Symbol.asyncDispose]()))
    },
  }
}

/** Origins and groups of them by id, the first origin first. */
function targetsOf(
  { originGroups }: ShieldDistribution,
  origins: ReadonlyMap<string, Origin> = new Map(),
): ReadonlyMap<string, Origin> {
  const groups = originGroups.map((group) => [group.id, originGroup(group, origins)] as const)
  return new Map([...origins, ...groups])
}

/** An origin that is sent some headers with every request. */
function withCustomHeaders(settings: OriginSettings): Origin {
  const origin = openOrigin(settings)
  const custom = 'customHeaders' in settings ? settings.customHeaders : []
  if (custom.length === 0) return origin
  const names = new Set(custom.map(({ headerName }) => headerName.toLowerCase()))
  const added = custom.flatMap(({ headerName, headerValue }) => [headerName, headerValue])
  return {
    ...origin,
    fetch(request, signal) {
      const fields = filterFields(request.fields, (name) => !names.has(name)).concat(added)
      return origin.fetch({ ...request, fields }, signal)
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

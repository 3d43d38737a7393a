import { z } from 'zod'
import { cacheSettings } from '../edge/cache/settings.ts'
import { distributionSchema } from '../edge/distribution/schema.ts'
import { programSettings } from '../edge/program/settings.ts'
import { originSchema } from './origin/schema.ts'

/** A distribution with all that a shield knows of it: where its objects come from. */
export const shieldDistribution = distributionSchema
  .extend({ origins: z.array(originSchema).min(1).max(100) })
  .check((context) => {
    const { origins, cacheBehaviors, defaultCacheBehavior } = context.value
    const ids = origins.map(({ id }) => id)
    const asked = [
      { path: ['defaultCacheBehavior', 'targetOriginId'], id: defaultCacheBehavior.targetOriginId },
      ...cacheBehaviors.map((behavior, at) => ({
        path: ['cacheBehaviors', at, 'targetOriginId'],
        id: behavior.targetOriginId,
      })),
    ]
    for (const { path, id } of asked) {
      if (id === undefined || ids.includes(id)) continue
      context.issues.push({
        code: 'invalid_value',
        values: ids,
        input: id,
        path,
        message: 'names no origin of this distribution',
      })
    }
  })

/** What a shield needs to know: the only program that holds the origins' secrets. */
export const shieldSettings = programSettings.extend({
  listen: z.object({ host: z.string().default('127.0.0.1'), port: z.int().min(1).max(65_535) }),
  key: z.string().min(32).describe('Shared key: only edges that have it are answered.'),
  ...cacheSettings,
  distributions: z.array(shieldDistribution),
})

export type ShieldSettings = z.infer<typeof shieldSettings>
export type ShieldDistribution = z.infer<typeof shieldDistribution>

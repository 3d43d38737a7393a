import { z } from 'zod'
import { cacheSettings } from '../edge/cache/settings.ts'
import { invalidationSettings } from '../edge/invalidation/settings.ts'
import { programSettings } from '../edge/program/settings.ts'
import { shieldDistribution } from './distribution-schema.ts'

/** What a shield needs to know: the only program that holds the origins' secrets. */
export const shieldSettings = programSettings.extend({
  listen: z.object({ host: z.string().default('127.0.0.1'), port: z.int().min(1).max(65_535) }),
  key: z.string().min(32).describe('Shared key: only edges that have it are answered.'),
  ...cacheSettings,
  invalidation: invalidationSettings,
  distributions: z.array(shieldDistribution),
})

export type ShieldSettings = z.infer<typeof shieldSettings>

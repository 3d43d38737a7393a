import { z } from 'zod'
import { distributionSchema } from '../edge/distribution/schema.ts'
import { originSchema } from './origin/schema.ts'

const id = z.string().min(1).max(128)

/** Origins of which one stands in for another. */
const originGroup = z.strictObject({
  id: id.describe('Name by which `targetOriginId` refers to it.'),
  members: z
    .array(id)
    .min(2)
    .max(10)
    .describe('Ids of origins, in the order in which each request tries them; CloudFront has two.'),
  failoverCriteria: z
    .strictObject({
      statusCodes: z
        .array(z.literal([400, 403, 404, 416, 429, 500, 502, 503, 504]))
        .min(1)
        .max(9)
        .default([500, 502, 503, 504])
        .describe('Statuses that send a request on to the next member.'),
    })
    .prefault({})
    .describe('When the next is asked; a failed connection or a timeout always counts.'),
})

export type OriginGroup = z.infer<typeof originGroup>

/** A distribution with all that a shield knows of it: where its objects come from. */
export const shieldDistribution = distributionSchema
  .extend({
    origins: z.array(originSchema).min(1).max(100).describe('Where its objects come from.'),
    originGroups: z
      .array(originGroup)
      .max(10)
      .default([])
      .describe('Origins that stand in for one another, for GET, HEAD and OPTIONS.'),
  })
  .check(({ value, issues }) => {
    const { origins, originGroups, cacheBehaviors, defaultCacheBehavior } = value
    const originIds = origins.map((origin) => origin.id)
    const targets = [...originIds, ...originGroups.map((group) => group.id)]
    const unknown = (path: (string | number)[], input: string | undefined, values: string[]) => {
      if (input === undefined || values.includes(input)) return
      const message = 'names no origin of this distribution'
      issues.push({ code: 'invalid_value', values, input, path, message })
    }
    unknown(['defaultCacheBehavior', 'targetOriginId'], defaultCacheBehavior.targetOriginId, targets)
    for (const [at, { targetOriginId }] of cacheBehaviors.entries()) {
      unknown(['cacheBehaviors', at, 'targetOriginId'], targetOriginId, targets)
    }
    for (const [at, { members }] of originGroups.entries()) {
      for (const [nth, member] of members.entries()) {
        unknown(['originGroups', at, 'members', nth], member, originIds)
      }
    }
    const twice = targets.find((target, at) => targets.indexOf(target) !== at)
    if (twice === undefined) return
    issues.push({
      code: 'custom',
      message: 'two origins or groups have this id',
      input: twice,
      path: ['origins'],
    })
  })

export type ShieldDistribution = z.infer<typeof shieldDistribution>

import { z } from 'zod'

const adminUrl = z.url({ protocol: /^https?$/ })

/** Which nodes an invalidation has to reach, and who may ask for one. Edges and shields are told alike. */
export const invalidationSettings = z
  .strictObject({
    shields: z.array(adminUrl).default([]).describe('Admin URLs of all origin shields.'),
    edges: z.array(adminUrl).default([]).describe('Admin URLs of all edges.'),
    token: z
      .string()
      .min(32)
      .optional()
      .describe('Bearer token that may ask for invalidations, beside the shared key; none when left out.'),
  })
  .prefault({})

export type InvalidationSettings = z.infer<typeof invalidationSettings>

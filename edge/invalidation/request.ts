import { z } from 'zod'
import { isSpellable } from './spelling.ts'

/** CloudFront's limits: paths in one request, characters of a path and of a tag. */
const PATHS_MAX = 3_000
const PATH_CHARACTERS_MAX = 4_000
const TAG_CHARACTERS_MAX = 256

const tagItem = z
  .string()
  .max(TAG_CHARACTERS_MAX, `must not be longer than ${TAG_CHARACTERS_MAX} characters`)
  .regex(/^[\x21-\x2b\x2d-\x7e]+$/, 'must be visible ASCII characters without spaces and commas')
  .toLowerCase()

const pathItem = z
  .string()
  .max(PATH_CHARACTERS_MAX, `must not be longer than ${PATH_CHARACTERS_MAX} characters`)
  .regex(/^\//, 'must begin with `/`, or with `#` for a tag')
  .regex(/^[\x21-\x7e]*$/, 'must be visible ASCII: percent-encode all other characters')
  .regex(/^[^#]*$/, 'must have no `#`, which no request has')
  .regex(/^[^*]*\*?$/, 'may have `*` only as its last character')
  .regex(/^(?!.*%[0-9A-Fa-f]?\*$)/, 'may not have `*` within a percent-encoded character')
  .refine(isSpellable, 'can be no request’s path: those that spell it so are refused')

/** An item of CloudFront's list of paths: a path, or a tag behind `#`. */
const item = z.string().check((context) => {
  const { value } = context
  const result = value.startsWith('#') ? tagItem.safeParse(value.slice(1)) : pathItem.safeParse(value)
  const [issue] = result.error?.issues ?? []
  if (issue === undefined) return
  context.issues.push({ code: 'custom', message: issue.message, input: value })
})

/** The body of `POST /invalidations`. */
export const invalidationRequest = z
  .strictObject({
    distribution: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,63}$/, 'must be the id of a distribution')
      .describe('Id of the distribution that is to be invalidated.'),
    paths: z
      .array(item)
      .max(PATHS_MAX)
      .default([])
      .describe('Paths, `*` at the end for all that begin so; `/*` for everything; `#tag` for a tag.'),
    tags: z.array(tagItem).max(PATHS_MAX).default([]).describe('Tags, in any case.'),
    soft: z.boolean().default(false).describe('Whether what is named becomes stale, rather than gone.'),
    callerReference: z
      .string()
      .min(1)
      .max(128)
      .optional()
      .describe('Asking again with the same reference gives the same invalidation, not one more.'),
  })
  .refine(({ paths, tags }) => paths.length + tags.length > 0, {
    path: ['paths'],
    error: 'must name at least one path, or `tags` a tag',
  })

export type InvalidationRequest = z.infer<typeof invalidationRequest>

/** One invalidation, as nodes pass it on to each other and keep it. */
export const invalidationSchema = z.strictObject({
  id: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/),
  distribution: z.string(),
  /** As stored responses' targets are spelled; without tags. */
  paths: z.array(z.string()),
  tags: z.array(z.string()),
  soft: z.boolean(),
  callerReference: z.string().optional(),
  /** How many paths and tags were asked for; `paths` may have several spellings of one. */
  names: z.int().min(1).optional(),
  /** Unix ms, by the clock of the node that was asked. */
  issuedAtMs: z.number(),
  /** Made by a node for itself: no other takes it over. */
  onlyHere: z.literal(true).optional(),
})

export type Invalidation = z.infer<typeof invalidationSchema>

/** The paths and the tags of a request, apart. */
export function itemsOf({ paths, tags }: InvalidationRequest): { paths: string[]; tags: string[] } {
  const tagged = paths.filter((one) => one.startsWith('#')).map((one) => one.slice(1).toLowerCase())
  return {
    paths: [...new Set(paths.filter((one) => !one.startsWith('#')))],
    tags: [...new Set([...tagged, ...tags])],
  }
}

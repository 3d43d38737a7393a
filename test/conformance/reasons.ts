import { readFileSync } from 'node:fs'
import { z } from 'zod'

/** Why some tests are not passed. */
const reason = z.strictObject({
  ids: z.array(z.string()).min(1),
  /** `right`: HTTP wants or allows what we do. `undone`: we could do better, and don't yet. */
  standing: z.enum(['right', 'undone']),
  /** One sentence for a person. */
  why: z.string(),
  /** The section, and its words. */
  rfc: z.string().optional(),
})

export type Reason = z.infer<typeof reason>

/** The reasons in `reasons.json`, by test id. Only these tests may fail, and they need not. */
export function readReasons(): ReadonlyMap<string, Reason> {
  const text = readFileSync(new URL('reasons.json', import.meta.url), 'utf8')
  const reasons = z.array(reason).parse(JSON.parse(text))
  return new Map(reasons.flatMap((one) => one.ids.map((id) => [id, one] as const)))
}

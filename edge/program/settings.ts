import { inspect, isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { ConfigError } from './errors.ts'

/** What every program is told, whatever else it needs. */
export const programSettings = z.object({
  node: z
    .string()
    .regex(
      /^(?!import$)[A-Za-z0-9._-]{1,63}$/,
      'must be 1 to 63 letters, digits, `.`, `_` or `-`, and not `import`, as imported records are told by',
    )
    .describe('Name of this machine: in log records, `Via` and `Cache-Status`.'),
  logLevel: z
    .enum(['debug', 'info', 'warn', 'error'])
    .default('info')
    .describe('Least severe line to print.'),
  admin: z
    .object({
      host: z.string().default('127.0.0.1'),
      port: z.int().min(0).max(65_535),
    })
    .describe('Where /healthz, /readyz and /metrics are served.'),
})

/** Settings of one program: its own, on top of what all have. */
export type ProgramSettings = z.infer<typeof programSettings>

/**
 * Validates data from outside against a schema.
 *
 * @param where names the file or option in the message, e.g. `selvedge.yaml`
 * @throws ConfigError naming the first field that is wrong, what was found and what is allowed
 */
export function readSettings<Schema extends z.ZodType>(
  schema: Schema,
  data: unknown,
  where: string,
): z.infer<Schema> {
  const result = schema.safeParse(data, { reportInput: true })
  if (result.success) return result.data
  const issue = deepestIssue(result.error.issues)
  if (issue === undefined) throw new ConfigError(where, 'is not valid', 'See README.md for the fields.')
  const field = [where, z.core.toDotPath(issue.path)].filter(Boolean).join(': ')
  throw new ConfigError(field, `${issue.message} (found ${found(issue.input)})`, remedyOf(issue))
}

/** Names of the fields of `some` that are different in all of the settings. */
export function changedFields<Settings extends object>(all: Settings, some: Partial<Settings>): string[] {
  const names = Object.keys(some) as (keyof Settings & string)[]
  return names.filter((name) => !isDeepStrictEqual(some[name], all[name]))
}

/**
 * A union hides the useful message one level down: take the branch that got furthest, and of two that
 * got as far the one that was of the right type.
 */
function deepestIssue(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue | undefined {
  const [first] = issues
  if (first?.code !== 'invalid_union') return first
  const branches = first.errors.map(deepestIssue).filter((issue) => issue !== undefined)
  const reach = (issue: z.core.$ZodIssue) => issue.path.length * 2 + (issue.code === 'invalid_type' ? 0 : 1)
  const deepest = branches.sort((a, b) => reach(b) - reach(a))[0]
  return deepest === undefined ? first : { ...deepest, path: [...first.path, ...deepest.path] }
}

function found(input: unknown): string {
  if (input === undefined) return 'nothing'
  const text = inspect(input, {
    depth: 1,
    breakLength: Number.POSITIVE_INFINITY,
    maxStringLength: 80,
  }).replace(/^'(.*)'$/s, '"$1"')
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}

const ELSEWHERE = 'README.md and the example in deploy/selvedge.example.yaml show every field.'

function remedyOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `Give a value of type ${issue.expected}.`
    case 'unrecognized_keys':
      return `Remove or rename: ${issue.keys.join(', ')}.`
    case 'invalid_value':
      return `Allowed: ${issue.values.map((value) => JSON.stringify(value)).join(', ')}.`
    case 'too_small':
      return `At least ${issue.minimum} is needed.`
    case 'too_big':
      return `At most ${issue.maximum} is allowed.`
    case 'custom':
      return typeof issue.params?.remedy === 'string' ? issue.params.remedy : ELSEWHERE
    default:
      return ELSEWHERE
  }
}

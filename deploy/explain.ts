import { z } from 'zod'

/** One field of the configuration file, in words. */
export interface ExplainedField {
  /** Where it stands: `distributions[].cacheBehaviors[].pathPattern`. */
  path: string
  /** What may stand there: its type, bounds and default. */
  values: string
  /** The sentence beside it in the schema; empty where there is none. */
  sentence: string
}

/** The part of a JSON Schema that zod makes of ours. */
interface Shape {
  type?: string
  description?: string
  default?: unknown
  const?: unknown
  enum?: unknown[]
  examples?: unknown[]
  format?: string
  minimum?: number
  exclusiveMinimum?: number
  maximum?: number
  minItems?: number
  maxItems?: number
  maxLength?: number
  items?: Shape
  anyOf?: Shape[]
  properties?: Record<string, Shape>
  required?: string[]
}

/**
 * Every field of a schema, depth first, from the schema itself: what is printed is what is checked. A group
 * of fields that stands in several places is written out in the first.
 */
export function explainedFields(schema: z.ZodType): ExplainedField[] {
  const fields: ExplainedField[] = []
  const writtenOut = new Map<string, string>()
  const root = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Shape

  function explainGroup({ properties = {}, required = [] }: Shape, path: string): void {
    for (const [name, field] of Object.entries(properties)) {
      explain(field, path === '' ? name : `${path}.${name}`, { isRequired: required.includes(name) })
    }
  }

  function explain(field: Shape, path: string, { isRequired }: { isRequired: boolean }): void {
    const groups = groupsIn(field)
    const places = groups.map((group) => ({ group, place: isList(field) ? `${path}[]` : path }))
    const known = places.flatMap(({ group }) => writtenOut.get(JSON.stringify(group.properties)) ?? [])
    const values = [
      valuesOf(field),
      ...(isRequired && field.default === undefined ? ['required'] : []),
      ...defaultOf(field),
      ...(known.length === 0 ? [] : [`fields as in ${known[0]}`]),
    ]
    fields.push({ path, values: values.join('; '), sentence: sentenceOf(field) })
    for (const { group, place } of places) {
      const key = JSON.stringify(group.properties)
      if (writtenOut.has(key)) continue
      writtenOut.set(key, place)
      explainGroup(group, place)
    }
  }

  explainGroup(root, '')
  return fields
}

/** Fields as lines for a terminal. */
export function explanation(fields: readonly ExplainedField[]): string {
  return fields
    .map(({ path, values, sentence }) =>
      [path, `    ${values}`, ...wrapped(sentence).map((line) => `    ${line}`)].join('\n'),
    )
    .join('\n\n')
}

const LINE_CHARACTERS_MAX = 100

function wrapped(sentence: string): string[] {
  const lines: string[] = []
  for (const word of sentence.split(' ').filter((part) => part !== '')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + word.length >= LINE_CHARACTERS_MAX) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}

/** The groups of fields that may stand in a field's place: its own, its members', or one of several kinds. */
function groupsIn(field: Shape): Shape[] {
  if (field.properties !== undefined) return [field]
  if (field.items !== undefined) return groupsIn(field.items)
  return (field.anyOf ?? []).flatMap(groupsIn)
}

function isList({ type }: Shape): boolean {
  return type === 'array'
}

/** Some wrappers hide the sentence one level down. */
function sentenceOf(field: Shape): string {
  return field.description ?? field.items?.description ?? ''
}

function defaultOf({ default: value, properties }: Shape): string[] {
  // A group's default is that of its fields, which follow.
  if (value === undefined || properties !== undefined) return []
  return [`default ${Array.isArray(value) && value.length === 0 ? 'none' : textOf(value)}`]
}

function valuesOf(field: Shape): string {
  if (field.const !== undefined) return textOf(field.const)
  if (field.enum !== undefined) return `one of ${field.enum.map(textOf).join(', ')}`
  if (field.examples !== undefined) return `a name: ${field.examples.map(textOf).join(', ')}`
  if (field.anyOf !== undefined) return field.anyOf.map(valuesOf).join('; or ')
  switch (field.type) {
    case 'integer':
      return `whole number${boundsOf(field)}`
    case 'number':
      return `number${boundsOf(field)}`
    case 'boolean':
      return 'true or false'
    case 'array':
      return `list${countOf(field)}: ${field.items === undefined ? 'anything' : valuesOf(field.items)}`
    case 'object':
      return 'fields'
    default:
      return field.format === 'uri' ? 'URL' : 'text'
  }
}

function boundsOf({ minimum, exclusiveMinimum, maximum }: Shape): string {
  const least = minimum ?? (exclusiveMinimum === undefined ? undefined : `over ${exclusiveMinimum}`)
  if (least === undefined && maximum === undefined) return ''
  return maximum === undefined ? ` from ${least}` : ` from ${least ?? 'any'} to ${maximum}`
}

function countOf({ minItems = 0, maxItems }: Shape): string {
  if (maxItems === undefined) return minItems === 0 ? '' : ` of ${minItems} or more`
  return ` of ${minItems} to ${maxItems}`
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(', ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}

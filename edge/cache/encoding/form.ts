import type { StoredHead, StoredResponse } from '../store/stored-response.ts'
import type { Coding } from './accept-encoding.ts'
import { encodedFields, varyingFields } from './encoded-fields.ts'
import type { Effort } from './encoders.ts'

/**
 * The key of a form of what is stored under a key. Keys begin with a digit (`cacheKey`), so none is taken
 * for the other.
 */
export function formKey(key: string, coding: Coding): string {
  return `${coding}:${key}`
}

/** Ends the version of a form that was made with little effort. */
const DRAFT = '.draft'

/** A form's version says of which body it was made, and how. */
export function formVersion(version: string, coding: Coding, effort: Effort): string {
  return effort === 'final' ? `${version}.${coding}` : `${version}.${coding}${DRAFT}`
}

/** The form that was made of a stored body, if it is among those kept: made well, or a draft. */
export function formOf(
  kept: readonly StoredResponse[],
  { version }: StoredHead,
  coding: Coding,
): StoredResponse | undefined {
  const wanted = formVersion(version, coding, 'final')
  return kept.find((form) => form.version.startsWith(wanted))
}

/** Whether a form was made with little effort. */
export function isDraft(form: StoredResponse): boolean {
  return form.version.endsWith(DRAFT)
}

const encodedHeads = new WeakMap<StoredHead, Map<Coding, StoredHead>>()
const variedHeads = new WeakMap<StoredHead, StoredHead>()

/** The head of an encoded form; worked out once for a response, and forgotten with it. */
export function encodedHead(head: StoredHead, coding: Coding): StoredHead {
  const known = encodedHeads.get(head)
  const one = known?.get(coding) ?? { ...head, fields: encodedFields(head.fields, coding) }
  if (known === undefined) encodedHeads.set(head, new Map([[coding, one]]))
  else known.set(coding, one)
  return one
}

/** A response as it is, of which there are other forms too. */
export function varied<Head extends StoredHead>(head: Head): Head {
  return { ...head, fields: varyingFields(head.fields) }
}

/** The same, worked out once as well. */
export function variedHead<Head extends StoredHead>(head: Head): Head {
  const known = variedHeads.get(head) as Head | undefined // made of the same head, below
  if (known !== undefined) return known
  const one = varied(head)
  variedHeads.set(head, one)
  return one
}

/** An encoded form as it is given to a viewer. */
export function encodedResponse(stored: StoredResponse, coding: Coding, body: Buffer): StoredResponse {
  return { ...encodedHead(stored, coding), body }
}

import type { Fields } from '../cache/fields.ts'
import type { Told } from './server-timing.ts'

/** What a response headers policy makes of a response's fields. */
export type ResponseChange = (fields: string[], about: Answered) => string[]

/** The request that is answered, and how that came about. */
export interface Answered extends Told {
  method: string
  /** The viewer's fields, as they came. */
  asked: Fields
}

/** A field to set: whether it replaces one of the origin's. */
export interface FieldToSet {
  name: string
  value: string
  override: boolean
}

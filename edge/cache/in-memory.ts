import type { Coding } from './encoding/accept-encoding.ts'
import type { Encoding, EncodingAsked } from './encoding/encoding.ts'
import { formKey } from './encoding/form.ts'
import { type Fields, firstValue, NO_FIELDS } from './fields.ts'
import type { Invalidations } from './invalidation/invalidations.ts'
import { reuseOf } from './rules/freshness.ts'
import { isSliced } from './slices/sliced-object.ts'
import type { Store } from './store/store.ts'
import { chosen, type StoredResponse } from './store/stored-response.ts'

/** A GET or HEAD that is asked of memory alone. `request` may lack fields that no body depends on. */
export interface MemoryAsked extends EncodingAsked {
  key: string
  /**
   * The request's fields as they would go on, as far as they have one of these names (lower case); asked for
   * only where variants have to be told apart.
   */
  selecting(names: readonly string[]): Fields
}

/** A fresh response, and how to see that it still is what memory has. */
export interface InMemory {
  /** The form that the viewer takes. */
  stored: StoredResponse
  /** Whether memory would give the same again at `nowMs` (Unix ms) to the same request. */
  holds(nowMs: number): boolean
}

/** Where memory's responses are, and what says whether they may be used. */
interface Means {
  store: Store
  invalidations: Invalidations
  now(): number
}

/**
 * What memory has that is fresh and outlived all invalidations, in the form that the viewer takes, if that
 * is known: chosen as the cache chooses for a hit. Anything else, a stale response above all, is for the
 * cache's long way.
 */
export function inMemory(
  means: Means,
  encoding: Pick<Encoding, 'ofStored'>,
  asked: MemoryAsked,
): InMemory | undefined {
  const { store, now } = means
  const { key } = asked
  const variants = store.variants(key)
  const names = selectingNames(variants)
  const stored = chosen(variants, names.length > 0 ? asked.selecting(names) : NO_FIELDS)
  if (stored === undefined || isSliced(stored) || !isFresh(means, stored, now())) return undefined
  const form = encoding.ofStored(asked, key, stored)
  if (!('stored' in form)) return undefined
  const isEncoded = form.stored.body !== stored.body
  const coding = isEncoded ? firstValue(form.stored.fields, 'content-encoding') : undefined
  const formsKey = coding === undefined ? undefined : formKey(key, coding as Coding)
  const forms = formsKey === undefined ? undefined : store.variants(formsKey)
  return {
    stored: form.stored,
    // Whatever is put or dropped makes another list.
    holds: (nowMs) =>
      store.variants(key) === variants &&
      (formsKey === undefined || store.variants(formsKey) === forms) &&
      isFresh(means, stored, nowMs),
  }
}

/** What tells a key's responses apart: the fields that their `Vary` named. */
function selectingNames(variants: readonly StoredResponse[]): string[] {
  const names: string[] = []
  for (const { selection } of variants) {
    for (let at = 0; at < selection.length; at += 2) names.push(selection[at] as string)
  }
  return names
}

function isFresh({ invalidations }: Means, stored: StoredResponse, nowMs: number): boolean {
  return invalidations.verdictOn(stored) === 'valid' && reuseOf(stored.deadlines, nowMs) === 'serve'
}

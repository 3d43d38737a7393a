import type { Invalidations } from '../invalidation/invalidations.ts'
import type { RequestHead } from '../message.ts'
import type { Store } from '../store/store.ts'
import { chosen, type StoredResponse, softened } from '../store/stored-response.ts'

/**
 * What memory has for a request, if it outlived all invalidations.
 *
 * @param variants what to choose from, where that is no use of it
 */
export function usableOf(
  { store, invalidations, now }: { store: Store; invalidations: Invalidations; now(): number },
  key: string,
  { fields }: RequestHead,
  variants = store.variants(key),
): StoredResponse | undefined {
  const stored = chosen(variants, fields)
  if (stored === undefined) return undefined
  switch (invalidations.verdictOn(stored)) {
    case 'valid':
      return stored
    case 'stale': {
      const stale = softened(stored, now(), invalidations.newest)
      store.put(key, stale)
      return stale
    }
    case 'gone':
      store.forget(key)
      return undefined
  }
}

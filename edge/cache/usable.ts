import type { Invalidations } from './invalidations.ts'
import type { RequestHead } from './message.ts'
import type { Store } from './store.ts'
import { chosen, type StoredResponse, softened } from './stored-response.ts'

/** What memory has for a request, if it outlived all invalidations. */
export function usableOf(
  { store, invalidations, now }: { store: Store; invalidations: Invalidations; now(): number },
  key: string,
  { fields }: RequestHead,
): StoredResponse | undefined {
  const stored = chosen(store.variants(key), fields)
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

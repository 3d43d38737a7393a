import { LRUCache } from 'lru-cache'
import { type StoredResponse, storedBytes } from './stored-response.ts'
import { sameSelection } from './vary.ts'

/** Most responses kept for one key; a `Vary: User-Agent` must not fill the store with one page. */
const VARIANTS_MAX = 32

/** Responses in this process's memory, found again by their key. */
export interface MemoryStore {
  /** The responses kept for a key, newest first. */
  variants(key: string): readonly StoredResponse[]
  /** Keeps a response, in place of the one with the same selection. */
  put(key: string, stored: StoredResponse): void
  /** Whether anything is kept for a key; asking so is no use of it. */
  has(key: string): boolean
  /** Drops all that is kept for a key. */
  forget(key: string): void
  /** How much is kept now. */
  readonly bytes: number
  readonly keys: number
}

/**
 * Keeps responses in this process's memory, the least recently used go first.
 *
 * @param bytesMax bound on the bodies, fields and keys kept, bytes
 */
export function createMemoryStore(bytesMax: number): MemoryStore {
  const kept = new LRUCache<string, readonly StoredResponse[]>({
    maxSize: bytesMax,
    sizeCalculation: (variants, key) =>
      variants.reduce((sum, stored) => sum + storedBytes(stored), key.length + 128),
  })
  return {
    variants: (key) => kept.get(key) ?? [],
    put(key, stored) {
      const others = (kept.peek(key) ?? []).filter(
        (other) => !sameSelection(other.selection, stored.selection),
      )
      kept.set(key, [stored, ...others.slice(0, VARIANTS_MAX - 1)])
    },
    has: (key) => kept.has(key),
    forget: (key) => void kept.delete(key),
    get bytes() {
      return kept.calculatedSize
    },
    get keys() {
      return kept.size
    },
  }
}

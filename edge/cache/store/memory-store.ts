import { Kept } from '../eviction/eviction.ts'
import { s3Fifo } from '../eviction/s3-fifo.ts'
import { sameSelection } from '../rules/vary.ts'
import { type StoredResponse, storedBytes } from './stored-response.ts'

/** Most responses kept for one key; a `Vary: User-Agent` must not fill the store with one page. */
const VARIANTS_MAX = 32

/** Responses in this process's memory, found again by their key. */
export interface MemoryStore {
  /** The responses kept for a key, newest first: a use of it, so call it once for each request. */
  variants(key: string): readonly StoredResponse[]
  /** The same, and no use of it. */
  peek(key: string): readonly StoredResponse[]
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

/** What is kept for one key. */
interface Shelf {
  readonly key: string
  variants: readonly StoredResponse[]
}

/**
 * Keeps responses in this process's memory; which go when it is full, S3-FIFO decides: of the policies
 * measured it is the one that holds on all traces (`test/bench/EVICTION.md`).
 *
 * @param bytesMax bound on the bodies, fields and keys kept, bytes
 */
export function createMemoryStore(bytesMax: number): MemoryStore {
  const shelves = new Map<string, Kept<Shelf>>()
  const eviction = s3Fifo<Shelf>(bytesMax, ({ value }) => shelves.delete(value.key))

  function begin(key: string, variants: readonly StoredResponse[]): void {
    const shelf = new Kept({ key, variants }, shelfBytes(key, variants), hashOf(key))
    shelves.set(key, shelf)
    eviction.insert(shelf)
  }

  return {
    variants(key) {
      const shelf = shelves.get(key)
      if (shelf === undefined) return NONE
      eviction.access(shelf)
      return shelf.value.variants
    },
    peek: (key) => shelves.get(key)?.value.variants ?? NONE,
    put(key, stored) {
      const shelf = shelves.get(key)
      if (shelf === undefined) return begin(key, [stored])
      const others = shelf.value.variants.filter((other) => !sameSelection(other.selection, stored.selection))
      shelf.value.variants = [stored, ...others.slice(0, VARIANTS_MAX - 1)]
      eviction.resize(shelf, shelfBytes(key, shelf.value.variants))
    },
    has: (key) => shelves.has(key),
    forget(key) {
      const shelf = shelves.get(key)
      if (shelf === undefined) return
      shelves.delete(key)
      eviction.remove(shelf)
    },
    get bytes() {
      return eviction.bytes
    },
    get keys() {
      return eviction.count
    },
  }
}

const NONE: readonly StoredResponse[] = []

/** Bytes beyond the responses: the key, its place in the index and in the queue. */
function shelfBytes(key: string, variants: readonly StoredResponse[]): number {
  return variants.reduce((sum, stored) => sum + storedBytes(stored), key.length + 192)
}

/** FNV-1a, as a signed 32-bit integer. Worked out once for each key that is kept, not at each access. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5 | 0
  for (let at = 0; at < key.length; at += 1) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193)
  return hash
}

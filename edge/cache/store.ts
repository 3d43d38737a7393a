import type { MemoryStore } from './memory-store.ts'
import type { StoredResponse } from './stored-response.ts'

/** Where responses are kept, found again by their key: in this process's memory, and beneath it on disk. */
export interface Store {
  /** What memory has for a key, newest first. No I/O: the hot path ends here. */
  variants(key: string): readonly StoredResponse[]
  /** What disk has for a key, brought into memory. Never rejects; those who ask at once share one read. */
  load(key: string): Promise<readonly StoredResponse[]>
  /** Keeps a response, in place of the one with the same selection. */
  put(key: string, stored: StoredResponse): void
  /** Drops all that is kept for a key. */
  forget(key: string): void
  /** How much memory holds now. */
  readonly bytes: number
  readonly keys: number
}

/** What lies beneath memory: shared by all workers of a machine, and still there after a restart. */
export interface Beneath {
  read(key: string): Promise<readonly StoredResponse[]>
  write(key: string, stored: StoredResponse): void
  remove(key: string): void
}

/** A store of memory alone, or of memory with a disk beneath. */
export function createStore(memory: MemoryStore, beneath?: Beneath): Store {
  const loading = new Map<string, Promise<readonly StoredResponse[]>>()

  async function bringUp(key: string, disk: Beneath): Promise<readonly StoredResponse[]> {
    const found = await disk.read(key)
    // Dropped, or replaced by something newer, while it was read.
    if (!loading.delete(key)) return memory.variants(key)
    if (memory.variants(key).length > 0) return memory.variants(key)
    for (const stored of found.toReversed()) memory.put(key, stored)
    return found
  }

  return {
    variants: memory.variants,
    load(key) {
      if (beneath === undefined) return NOTHING
      const underWay = loading.get(key) ?? bringUp(key, beneath)
      loading.set(key, underWay)
      return underWay
    },
    put(key, stored) {
      memory.put(key, stored)
      beneath?.write(key, stored)
    },
    forget(key) {
      loading.delete(key)
      memory.forget(key)
      beneath?.remove(key)
    },
    get bytes() {
      return memory.bytes
    },
    get keys() {
      return memory.keys
    },
  }
}

const NOTHING: Promise<readonly StoredResponse[]> = Promise.resolve([])

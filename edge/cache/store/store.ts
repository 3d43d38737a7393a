import { sameSelection } from '../rules/vary.ts'
import type { MemoryStore } from './memory-store.ts'
import type { StoredResponse } from './stored-response.ts'

/** Where responses are kept, found again by their key: in this process's memory, and beneath it on disk. */
export interface Store {
  /** What memory has for a key, newest first: a use of it, which keeps it. No I/O: the hot path ends here. */
  variants(key: string): readonly StoredResponse[]
  /**
   * The same without being a use of it: for whatever isn't a viewer's request, or is one that has had its use
   * counted, or stored it. Else what is asked for once would look as if it came back.
   */
  peek(key: string): readonly StoredResponse[]
  /** What disk has for a key, brought into memory. Never rejects; those who ask at once share one read. */
  load(key: string): Promise<readonly StoredResponse[]>
  /** Whether there is a disk to load from. */
  readonly hasBeneath: boolean
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

  function bringUp(key: string, disk: Beneath): Promise<readonly StoredResponse[]> {
    const reading = disk.read(key)
    const underWay = reading.then((found) => {
      // Dropped while it was read, and perhaps asked for anew: what was read is not to be had any more.
      if (loading.get(key) !== underWay) return memory.peek(key)
      loading.delete(key)
      return merged(key, found)
    })
    loading.set(key, underWay)
    return underWay
  }

  /** What memory has is newer than what was read from disk. */
  function merged(key: string, found: readonly StoredResponse[]): readonly StoredResponse[] {
    const newer = memory.peek(key)
    const missing = found.filter(
      ({ selection }) => !newer.some((stored) => sameSelection(stored.selection, selection)),
    )
    if (missing.length === 0) return newer
    // Put last is first.
    for (const stored of [...newer, ...missing].toReversed()) memory.put(key, stored)
    return memory.peek(key)
  }

  return {
    variants: memory.variants,
    peek: memory.peek,
    hasBeneath: beneath !== undefined,
    load(key) {
      if (beneath === undefined) return NOTHING
      return loading.get(key) ?? bringUp(key, beneath)
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

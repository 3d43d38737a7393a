import type { Logger } from 'pino'
import { type DiskStore, openDiskStore } from '../disk/disk-store.ts'
import { createMemoryStore } from './memory-store.ts'
import { createStore, type Store } from './store.ts'

/** A store of memory, and of disk where the settings name one. */
export interface OpenStore extends AsyncDisposable {
  store: Store
  disk: DiskStore | undefined
}

/** Opens the store that a cache's settings ask for. Disposed, it writes what still waits to be written. */
export async function openStore(
  settings: { cacheBytes: number; disk?: { directory: string; bytesMax: number } | undefined },
  log: Logger,
): Promise<OpenStore> {
  const memory = createMemoryStore(settings.cacheBytes)
  const isHot = (key: string) => memory.has(key)
  const disk = settings.disk && (await openDiskStore({ ...settings.disk, log, isHot }))
  return {
    store: createStore(memory, disk),
    disk,
    async [Symbol.asyncDispose]() {
      await disk?.[Symbol.asyncDispose]()
    },
  }
}

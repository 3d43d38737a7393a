import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { CACHE_MEGABYTES } from './contender.ts'

/**
 * A folder on tmpfs, for servers that keep their cache in files. Where we may not mount one, the page cache holds
 * what is asked for all the time anyway. Disposing takes it away.
 */
export function memoryFolder(folder: string): Disposable & { path: string } {
  const path = join(folder, 'memory')
  mkdirSync(path)
  spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${2 * CACHE_MEGABYTES}m`, 'none', path])
  return { path, [Symbol.dispose]: () => void spawnSync('umount', [path]) }
}

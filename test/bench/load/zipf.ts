import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mulberry32, zipf } from '../eviction/generated.ts'

/** Objects that are asked for: 272 MB together, four times what the caches may hold. */
const OBJECTS = 40_000
/** How steeply popularity falls with the rank. */
const EXPONENT = 0.9
const REQUESTS = 1_000_000
const BYTES_MIN = 1_024
const BYTES_MAX = 1_048_576

/**
 * Paths of the Zipf mix in the order in which all contenders are asked for them. Sizes are by a power law
 * from 1 KB to 1 MB, 7 KB in the mean, and tell nothing of how popular an object is. The same at each run.
 */
export function zipfPaths(): string[] {
  const random = mulberry32(20_260_102)
  const paths = Array.from({ length: OBJECTS }, (_, rank) => {
    const bytes = Math.round(BYTES_MIN / (1 - random() * (1 - BYTES_MIN / BYTES_MAX)))
    return `/${bytes}/zipf/${rank}`
  })
  const rankOf = zipf(OBJECTS, EXPONENT, random)
  return Array.from({ length: REQUESTS }, () => paths[rankOf()] ?? '')
}

/** @returns the name of a file with the paths, a line each */
export function writeZipfPaths(folder: string): string {
  const file = join(folder, 'zipf-paths.txt')
  writeFileSync(file, `${zipfPaths().join('\n')}\n`)
  return file
}

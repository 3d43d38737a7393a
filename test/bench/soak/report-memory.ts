/**
 * Loaded into the processes of the soak (`--import`): writes what V8 says of their memory to a file each second, for
 * nobody outside can see that.
 */
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = new URL(import.meta.url).searchParams.get('folder') ?? '.'
const file = join(folder, `memory-${process.pid}.json`)

setInterval(() => {
  writeFileSync(`${file}.new`, JSON.stringify(process.memoryUsage()))
  renameSync(`${file}.new`, file)
}, 1_000).unref()

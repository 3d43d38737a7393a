/**
 * A process of its own that opens a store and looks around in it: LMDB maps its file into memory, so a
 * file that isn't what it seems ends whoever opens it with SIGSEGV or SIGBUS, and here that is nobody.
 *
 * Ends with status 0 when the store can be used; says why not on standard output.
 */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { PAGE_BYTES, unpacked } from './entry.ts'
import { FORMAT, openEnvironment } from './tables.ts'

/** Entries that are looked at: from both ends of each table, as damage is mostly where was written last. */
const LOOKED_AT = 1_000

const [directory = ''] = process.argv.slice(2)
const tables = openEnvironment(directory, 1_048_576)
const format = tables.numbers.get('format')
if (format !== undefined && format !== FORMAT) {
  process.stdout.write(`its format is ${format}, and this program writes ${FORMAT}`)
  process.exit(1)
}
const { lastPageNumber } = tables.root.getStats() as { lastPageNumber: number }
const { size } = statSync(join(directory, 'data.mdb'))
if (size < (lastPageNumber + 1) * PAGE_BYTES) {
  process.stdout.write(`its file ends at ${size} bytes, before its last page (${lastPageNumber})`)
  process.exit(1)
}
for (const reverse of [false, true]) {
  for (const { value: digest } of tables.order.getRange({ limit: LOOKED_AT, reverse })) {
    const bytes = tables.entries.get(digest)
    if (bytes !== undefined) unpacked(bytes)
  }
  for (const _ of tables.bodies.getKeys({ limit: LOOKED_AT, reverse }));
}
await tables.root.close()

/**
 * `npm run show:hpack`: our HPACK coder beside those of node:http2 and of nghttp2 (Debian's libnghttp2-14, by python3),
 * each with 100,000 random lists of fields both ways. Does each read what the other wrote?
 *
 * `npm run show:hpack -- 5000 --seed 1`: so many, of that seed.
 */
import { parseArgs } from 'node:util'
import { HpackDecoder } from '../../../edge/listen/http2/hpack/decoder.ts'
import { describeError } from '../../../edge/program/errors.ts'
import { throughNode } from '../../edge/http2/hpack-node.ts'
import { PSEUDO_STRINGS, randomLists } from '../../edge/http2/random-fields.ts'
import { startNghttp2 } from './nghttp2.ts'

const { values, positionals } = parseArgs({
  options: { seed: { type: 'string', default: String(Date.now() % 1_000_000) } },
  allowPositionals: true,
})
const COUNT = Number(positionals[0] ?? 100_000)
const SEED = Number(values.seed)
/** Lists a go: with each, other fields, and another size of the table. */
const BATCH = 1_000
const NODE_TABLES = [4_096, 65_536, 1_000, 0]
const NGHTTP2_TABLES = [4_096, 0, 65_536, 300, 4_096, 16_384]
const TABLE_BYTES_MAX = 65_536

/** Lists that were read as they were meant, and others. */
interface Count {
  right: number
  wrong: number
}

try {
  process.exitCode = (await show()) ? 0 : 1
} catch (error) {
  process.stderr.write(`${describeError(error)}\nseed ${SEED}\n`)
  process.exitCode = 2
}

async function show(): Promise<boolean> {
  process.stdout.write(`${COUNT} lists, seed ${SEED}\n`)
  const counts = [...(await besideNode()), ...(await besideNghttp2())]
  return counts.every(({ wrong }) => wrong === 0)
}

async function besideNode(): Promise<Count[]> {
  const [read, written] = [newCount(), newCount()]
  for (const { lists, batch } of batches()) {
    const itsTableBytes = NODE_TABLES[batch % NODE_TABLES.length] as number
    const told = await throughNode(lists, { tableBytes: TABLE_BYTES_MAX, itsTableBytes })
    compare(read, told.read, lists)
    compare(
      written,
      told.written,
      lists.map((list) => list.slice(PSEUDO_STRINGS)),
    )
  }
  report('node:http2', read, written)
  return [read, written]
}

async function besideNghttp2(): Promise<Count[]> {
  await using nghttp2 = await startNghttp2()
  if (nghttp2 === undefined) {
    process.stdout.write(
      'nghttp2: left out, for it needs python3 and libnghttp2-14 (apt install nghttp2-client)\n',
    )
    return []
  }
  const [read, written] = [newCount(), newCount()]
  const decoder = new HpackDecoder(TABLE_BYTES_MAX, 1_000_000, 1_000)
  for (const { lists, batch } of batches()) {
    const told = await nghttp2.code(lists, NGHTTP2_TABLES[batch % NGHTTP2_TABLES.length] as number)
    compare(
      read,
      told.blocks.map((block) => decoder.decode(block).fields),
      lists,
    )
    compare(written, told.read, lists)
  }
  report('nghttp2', read, written)
  return [read, written]
}

function* batches(): Generator<{ lists: string[][]; batch: number }> {
  for (let batch = 0; batch * BATCH < COUNT; batch += 1) {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${batch * BATCH} of ${COUNT}\r`)
    yield { lists: randomLists(Math.min(BATCH, COUNT - batch * BATCH), { seed: SEED + batch }), batch }
  }
}

function compare(count: Count, found: readonly string[][], meant: readonly string[][]): void {
  meant.forEach((list, at) => {
    if (JSON.stringify(found[at]) === JSON.stringify(list)) count.right += 1
    else count.wrong += 1
  })
}

function newCount(): Count {
  return { right: 0, wrong: 0 }
}

function report(name: string, read: Count, written: Count): void {
  const told = ({ right, wrong }: Count) => `${right} the same, ${wrong} not`
  process.stdout.write(`${name} wrote, we read: ${told(read)}\nwe wrote, ${name} read: ${told(written)}\n`)
}

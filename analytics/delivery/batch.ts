import { createHash } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { z } from 'zod'
import type { ObjectStore } from '../../origin-shield/origin/object-store.ts'
import type { Statements } from './statements.ts'
import { W3C_HEADER, w3cLine } from './w3c-line.ts'

const compress = promisify(gzip)

/** Records of one file, more only where one second has more: a file is made in memory, some 40 MB of it. */
const FILE_RECORDS = 50_000

/** Lines that are made before others have their turn. */
const LINES_A_TURN = 500

/** What came in of one distribution and hour within (after, until]; all are Unix seconds. */
export const batch = z.object({
  distribution: z.string(),
  hour: z.number(),
  after: z.number(),
  until: z.number(),
})

export type Batch = z.infer<typeof batch>

/** Where the files of a distribution go. */
export interface Destination {
  store: ObjectStore
  /** Put before their names: empty, or with a slash at its end. */
  prefix: string
}

/** What a batch came to. */
export interface Delivered {
  files: number
  records: number
  /** Of the compressed files. */
  bytes: number
}

const secondRow = z.object({ second: z.number(), records: z.number() })

interface Part {
  /** Unix seconds, `to` not included. */
  from: number
  to: number
  records: number
}

/**
 * Writes a batch's files. The same batch makes the same files of the same names, so that one that was interrupted
 * is only made again.
 *
 * @throws ObjectStoreError
 */
export async function writeBatch(
  statements: Statements,
  of: Batch,
  { store, prefix }: Destination,
): Promise<Delivered> {
  const seconds = await statements.ask('batch-seconds', secondRow, of)
  const delivered: Delivered = { files: 0, records: 0, bytes: 0 }
  for (const part of partsOf(seconds)) {
    const { distribution, after, until } = of
    const rows = await statements.text('batch-records', {
      distribution,
      after,
      until,
      from: part.from,
      to: part.to,
    })
    const body = await compress(await linesOf(rows))
    await store.put(prefix + fileName(of, part), { body, contentType: 'application/gzip' })
    delivered.files += 1
    delivered.records += part.records
    delivered.bytes += body.byteLength
  }
  return delivered
}

/** Shares out seconds to files. */
function partsOf(seconds: readonly z.infer<typeof secondRow>[]): Part[] {
  const parts: Part[] = []
  for (const { second, records } of seconds) {
    const last = parts.at(-1)
    if (last !== undefined && last.records + records <= FILE_RECORDS) {
      last.to = second + 1
      last.records += records
    } else parts.push({ from: second, to: second + 1, records })
  }
  return parts
}

/** `{distribution}.{YYYY-MM-DD-HH}.{unique}.gz` */
function fileName({ distribution, hour, after }: Batch, { from }: Part): string {
  const time = new Date(hour * 1_000).toISOString().slice(0, 13).replace('T', '-')
  const unique = createHash('sha256').update(`${distribution} ${hour} ${after} ${from}`).digest('hex')
  return `${distribution}.${time}.${unique.slice(0, 12).toUpperCase()}.gz`
}

async function linesOf(rows: string): Promise<Buffer> {
  const pieces: Buffer[] = [Buffer.from(W3C_HEADER)]
  let lines = ''
  let count = 0
  for (let start = 0; start < rows.length; ) {
    const feed = rows.indexOf('\n', start)
    const end = feed === -1 ? rows.length : feed
    lines += w3cLine(rows.slice(start, end))
    start = end + 1
    count += 1
    if (count % LINES_A_TURN === 0) {
      pieces.push(Buffer.from(lines, 'latin1'))
      lines = ''
      await turn()
    }
  }
  pieces.push(Buffer.from(lines, 'latin1'))
  return Buffer.concat(pieces)
}

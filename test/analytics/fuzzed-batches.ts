import { createHash } from 'node:crypto'
import { zstdCompressSync } from 'node:zlib'
import { type AccessRecord, formatRecord, RECORD_COLUMNS } from '../../edge/log/record.ts'
import { NOON_MS, recordBut, type Sending } from './segment.ts'

/** What a viewer, or who has an edge's key, could try to have run. */
export const SQL = [
  "'; DROP TABLE selvedge.access_log; --",
  "x') SETTINGS max_threads = 1 FORMAT TabSeparated\n1\n; TRUNCATE TABLE selvedge.access_log; --",
  "' UNION ALL SELECT salt FROM selvedge.salts --",
  '{site:String}',
  "\\'; CREATE TABLE selvedge.injected (n UInt8) ENGINE = Memory; --",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is meant to be looked at by a template engine, if one did
  '${1+1}\\N\\t\\0',
]

/** A request to the collector, and what was done to it. */
export interface FuzzedBatch {
  kind: keyof typeof KINDS
  lines: string
  otherwise: Sending
}

type Below = (limit: number) => number

/** What is done to an honest segment. */
const KINDS = {
  honest: (lines: string) => ({ lines }),
  'bits of a line flipped': (lines: string, below: Below) => ({
    lines: flipped(Buffer.from(lines, 'latin1'), below),
  }),
  'cut lines': (lines: string, below: Below) => ({ lines: lines.slice(0, below(lines.length)) }),
  'values moved, missing and doubled': (lines: string, below: Below) => ({ lines: shuffled(lines, below) }),
  'impossible values': (lines: string, below: Below) => ({ lines: replaced(lines, below, IMPOSSIBLE) }),
  'SQL in a field': (lines: string, below: Below) => ({ lines: replaced(lines, below, SQL) }),
  'SQL in every field': (_lines: string, below: Below) => ({ lines: sqlEverywhere(below) }),
  'any bytes': (_lines: string, below: Below) => ({
    lines: bytes(below, 1 + below(2_000)).toString('latin1'),
  }),
  'bits of the body flipped': (lines: string, below: Below) => ({
    body: Buffer.from(flipped(packed(lines), below), 'latin1'),
  }),
  'a body cut': (lines: string, below: Below) => ({
    body: packed(lines).subarray(0, below(packed(lines).length)),
  }),
  'another digest': (lines: string, below: Below) => ({
    lines,
    headers: {
      'Content-Digest': `sha-256=:${createHash('sha256')
        .update(String(below(1e9)))
        .digest('base64')}:`,
    },
  }),
  'SQL for a name': (lines: string, below: Below) => ({
    lines,
    token: encodeURI(one(SQL, below)).replace(/\//g, ''),
  }),
  'another key': (lines: string) => ({ lines, key: 'the key of somebody else, and long' }),
} satisfies Record<string, (lines: string, below: Below) => Sending & { lines?: string }>

const IMPOSSIBLE = [
  '-1',
  '18446744073709551616',
  '9007199254740993',
  '1e400',
  'NaN',
  '\\N',
  '',
  ' 1',
  '0x1F',
  '1.5',
  'é',
  '\x00',
  'x'.repeat(9_000),
  '٣',
  '999.1.1.1',
  '::ffff:1',
  '1'.repeat(400),
]

/** The same batches for the same seed: each kind in turn. */
export function* fuzzedBatches(count: number, seed = 20_261_126): Generator<FuzzedBatch> {
  // A small congruential generator (Park and Miller's).
  let state = seed
  const below: Below = (limit) => {
    state = (state * 48_271) % 2_147_483_647
    return state % Math.max(1, limit)
  }
  const kinds = Object.keys(KINDS) as (keyof typeof KINDS)[]
  for (let at = 0; at < count; at += 1) {
    const kind = kinds[at % kinds.length] as keyof typeof KINDS
    const lines = honestLines(at, below)
    const { lines: changed = lines, ...otherwise }: Sending & { lines?: string } = KINDS[kind](lines, below)
    yield { kind, lines: changed, otherwise: { token: `fuzz/1-a/${at}`, ...otherwise } }
  }
}

function honestLines(batch: number, below: Below): string {
  return Array.from({ length: 1 + below(4) }, (_, at) =>
    formatRecord(
      recordBut({ requestId: `${batch}-${at}`, timeMs: NOON_MS + below(1_000), path: `/${below(100)}` }),
    ),
  ).join('')
}

function packed(lines: string): Buffer {
  return zstdCompressSync(Buffer.from(lines, 'latin1'))
}

function flipped(of: Buffer, below: Below): string {
  for (let times = 1 + below(8); times > 0; times -= 1) {
    const at = below(of.length)
    of.writeUInt8(of.readUInt8(at) ^ (1 << below(8)), at)
  }
  return of.toString('latin1')
}

function shuffled(lines: string, below: Below): string {
  const values = lines.split('\t')
  values.splice(below(values.length), below(3), ...values.slice(0, below(3)))
  return values.join('\t')
}

function replaced(lines: string, below: Below, by: readonly string[]): string {
  const values = lines.split('\t')
  values[below(values.length)] = one(by, below)
  return Buffer.from(values.join('\t')).toString('latin1')
}

/** Once as the edge would write it, once raw. */
function sqlEverywhere(below: Below): string {
  const raw = RECORD_COLUMNS.map(() => one(SQL, below)).join('\t')
  const texts = RECORD_COLUMNS.filter((column) => typeof recordBut()[column] === 'string')
  const hostile = Object.fromEntries(texts.map((column) => [column, one(SQL, below)]))
  const kept: Partial<AccessRecord> = {
    clientIp: '192.0.2.1',
    country: 'DE',
    doNotTrack: '',
    rangeStart: '',
    rangeEnd: '',
  }
  return `${formatRecord(recordBut({ ...hostile, ...kept }))}${raw}\n`
}

function bytes(below: Below, count: number): Buffer {
  return Buffer.from(Array.from({ length: count }, () => below(256)))
}

function one<Item>(items: readonly Item[], below: Below): Item {
  return items[below(items.length)] as Item
}

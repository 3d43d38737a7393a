import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import {
  connectionWords,
  preparedLine,
  repeatedLine,
  responseWords,
} from '../../../edge/log/prepared-line.ts'
import type { AccessRecord } from '../../../edge/log/record.ts'
import { openSpool, type Spool } from '../../../edge/log/spool.ts'
import { recordBut } from '../../analytics/segment.ts'

const RECORDS = 60_000
const WARM_UP_ROUNDS = 4
/** Records between two turns of the event loop, in which the spool writes. */
const A_TURN = 2_000
const REQUEST_ID = Buffer.from('q83vEjRWeJq800000000')

/** CPU time that an edge takes from a record to its segment, µs each. */
export interface EdgeShare {
  /** Of any response. */
  worded: Time
  /** Of a hit that was asked for in the same words before. */
  repeated: Time
}

interface Time {
  /** Of ours. */
  user: number
  /** Of the kernel, which writes the bytes to the disk. */
  system: number
}

/** Measures it in this process. */
export async function edgeShare(): Promise<EdgeShare> {
  const record = recordBut({ cacheStatus: 'cdg1; hit; ttl=30', resultType: 'Hit' })
  const again = repeatedLine(lineOf(record), REQUEST_ID.length)
  // One object: what it costs to make a record of an answer is another's share.
  const changing = { ...record }
  const worded = (spool: Spool, at: number) => {
    changing.timeMs = record.timeMs + at
    changing.path = `/section/page-${at}.html`
    spool.append(changing)
  }
  const repeated = (spool: Spool, at: number) =>
    spool.appendRepeated(again, {
      timeMs: record.timeMs + (at >> 6),
      requestId: REQUEST_ID,
      firstByteUs: 40,
      takenUs: 60 + (at & 63),
      ttlSeconds: 30,
    })
  return { worded: await microseconds(worded), repeated: await microseconds(repeated) }
}

/** The last of some rounds: those before are for the compilers, which one does not suffice. */
async function microseconds(append: (spool: Spool, at: number) => void): Promise<Time> {
  const path = await mkdtemp(join(tmpdir(), 'selvedge-edge-share-'))
  const round = async () => {
    await using spool = openSpool(path, pino({ level: 'silent' }))
    for (let at = 0; at < RECORDS; at += 1) {
      append(spool, at)
      if (at % A_TURN === 0) await new Promise((resolve) => setTimeout(resolve, 2))
    }
    if (spool.lost > 0) throw new Error(`${spool.lost} records were lost`)
  }
  for (let warming = 0; warming < WARM_UP_ROUNDS; warming += 1) await round()
  const before = process.cpuUsage()
  await round()
  const { user, system } = process.cpuUsage(before)
  await rm(path, { recursive: true })
  return { user: user / RECORDS, system: system / RECORDS }
}

function lineOf(record: AccessRecord) {
  const { host, path, query, bytesReceived, xForwardedFor, userAgent, referer } = record
  const { secFetchDest, secPurpose, doNotTrack } = record
  const told = { host, path, query, bytesReceived, xForwardedFor, userAgent, referer }
  const asked = { ...told, secFetchDest, secPurpose, doNotTrack }
  return preparedLine(responseWords(record), connectionWords('https', record), asked)
}

import type { Asker, Hit } from '../answer-from-memory.ts'
import type { PlainHead } from '../listen/plain-head.ts'
import type { Meters, ResponseCounter } from '../meters.ts'
import { type Moment, type PreparedLine, preparedLine } from './prepared-line.ts'
import type { AccessRecord } from './record.ts'
import { recordOf } from './record-of.ts'
import type { Spool } from './spool.ts'

/** A hit that is expected again: its log line and its counter, found beforehand. */
export interface Expected {
  line: PreparedLine
  counter: ResponseCounter
}

/** Logs and counts hits. What is asked once costs a record; what is asked again and again, some copied bytes. */
export interface HitLog {
  first(hit: Hit, head: PlainHead, asker: Asker, moment: Moment): void
  expect(hit: Hit, head: PlainHead, asker: Asker): Expected
  again(expected: Expected, hit: Hit, moment: Moment): void
}

/** @param node name of this machine in the log */
export function hitLog(node: string, spool: Spool, meters: Meters): HitLog {
  function count(counter: ResponseCounter, { form }: Hit): void {
    counter.responses += 1
    counter.bytesSent += form.bytes
  }
  const counterOf = ({ form }: Hit) => meters.counterOf(form.served.resultType, form.status)

  return {
    first(hit, head, asker, moment) {
      spool.append(recordOfHit(node, hit, head, asker, moment))
      count(counterOf(hit), hit)
    },
    expect: (hit, head, asker) => ({
      line: preparedLine(recordOfHit(node, hit, head, asker, NO_MOMENT)),
      counter: counterOf(hit),
    }),
    again(expected, hit, moment) {
      spool.appendPrepared(expected.line, moment)
      count(expected.counter, hit)
    },
  }
}

const NO_MOMENT: Moment = { timeMs: 0, requestId: Buffer.alloc(0), firstByteUs: 0, takenUs: 0, ttlSeconds: 0 }
const NEVER = new AbortController().signal

/** The record of a hit, worded by `recordOf` as any other. */
function recordOfHit(
  node: string,
  { form, hostName, target }: Hit,
  head: PlainHead,
  asker: Asker,
  moment: Moment,
): AccessRecord {
  const { method } = head
  const viewer = {
    ...asker,
    request: { method, scheme: asker.scheme, host: hostName, target, fields: loggedFields(head) },
    hostName,
    requestId: moment.requestId.toString('latin1'),
    protocolVersion: 'HTTP/1.1',
    gone: NEVER,
  }
  const served = {
    ...form.served,
    place: asker.place,
    cacheStatus: form.served.cacheStatus.replace(/ttl=-?\d+$/, `ttl=${moment.ttlSeconds}`),
  }
  const transfer = {
    status: form.status,
    bytesSent: form.bytes,
    bytesReceived: head.bytes,
    timeToFirstByteUs: moment.firstByteUs,
    timeTakenUs: moment.takenUs,
  }
  return recordOf(node, viewer, served, transfer, moment.timeMs)
}

/** The fields that `recordOf` asks for. */
function loggedFields(head: PlainHead): string[] {
  const fields: string[] = []
  const add = (name: string, value: string | undefined) => {
    if (value !== undefined) fields.push(name, value)
  }
  add('x-forwarded-for', head.xForwardedFor)
  add('user-agent', head.userAgent)
  add('referer', head.referer)
  add('sec-fetch-dest', head.secFetchDest)
  add('sec-purpose', head.secPurpose)
  add('purpose', head.purpose)
  return fields
}

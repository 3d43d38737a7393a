import type { Asker, Hit } from '../answer-from-memory.ts'
import { NO_FIELDS } from '../cache/fields.ts'
import { pathOf, queryOf } from '../distribution/target.ts'
import type { AskedHead } from '../listen/plain-head.ts'
import { REQUEST_ID_BYTES } from '../listen/request-id.ts'
import type { Form } from '../listen/wire-form.ts'
import type { Meters, ResponseCounter } from '../meters.ts'
import {
  connectionWords,
  lineAt,
  type Moment,
  type PreparedLine,
  preparedLine,
  type RepeatedLine,
  type ResponseWords,
  repeatedLine,
  responseWords,
} from './prepared-line.ts'
import type { AccessRecord } from './record.ts'
import { connectionOf, recordOf } from './record-of.ts'
import type { Spool } from './spool.ts'

/** What there is to log and count of a hit before it is sent, and of each that is asked in the same words. */
export interface Expected {
  line: PreparedLine
  /** The line as bytes, where it is expected more than once. */
  repeated: RepeatedLine | undefined
  counter: ResponseCounter
}

/**
 * Logs and counts hits. A record as others have it would cost as much as all the rest of a hit; of the same
 * line, what a response or a connection has in common is worded once.
 */
export interface HitLog {
  expect(hit: Hit, head: AskedHead, asker: Asker): Expected
  /** The same, for a head that has come twice in the same words. */
  expectAgain(expected: Expected): Expected
  /** The answer has been sent. */
  sent(expected: Expected, hit: Hit, moment: Moment): void
}

/** @param node name of this machine in the log */
export function hitLog(node: string, spool: Spool, meters: Meters): HitLog {
  const byForm = new WeakMap<Form, { words: ResponseWords; counter: ResponseCounter }>()

  function ofForm(form: Form, head: AskedHead, asker: Asker) {
    const known = byForm.get(form)
    if (known !== undefined) return known
    const counter = meters.counterOf(form.served.resultType, form.status)
    const made = { words: responseWords(recordOfAny(node, form, head, asker)), counter }
    byForm.set(form, made)
    return made
  }

  return {
    expect({ form, hostName, target }, head, asker) {
      const { words, counter } = ofForm(form, head, asker)
      const asked = {
        host: hostName,
        path: pathOf(target),
        query: queryOf(target),
        bytesReceived: head.bytes,
        xForwardedFor: head.xForwardedFor ?? '',
        userAgent: head.userAgent ?? '',
        referer: head.referer ?? '',
        secFetchDest: head.secFetchDest ?? '',
        secPurpose: head.secPurpose || head.purpose || '',
        doNotTrack: head.dnt === '1' || head.secGpc === '1' ? ('1' as const) : ('' as const),
      }
      asker.words ??= connectionWords(asker.scheme, connectionOf(asker, asker.place))
      return { line: preparedLine(words, asker.words, asked), repeated: undefined, counter }
    },
    expectAgain: (expected) => ({ ...expected, repeated: repeatedLine(expected.line, REQUEST_ID_BYTES) }),
    sent({ line, repeated, counter }, { form }, moment) {
      if (repeated === undefined) spool.appendLine(lineAt(line, moment))
      else spool.appendRepeated(repeated, moment)
      counter.responses += 1
      counter.bytesSent += form.bytes
    },
  }
}

const NEVER = new AbortController().signal

/** The record of some hit with a form, worded by `recordOf` as any other. */
function recordOfAny(node: string, form: Form, { method }: AskedHead, asker: Asker): AccessRecord {
  const viewer = {
    ...asker,
    request: { method, scheme: asker.scheme, host: '', target: '', fields: NO_FIELDS },
    hostName: '',
    requestId: '',
    gone: NEVER,
  }
  const transfer = {
    status: form.status,
    bytesSent: form.bytes,
    bytesReceived: 0,
    timeToFirstByteUs: 0,
    timeTakenUs: 0,
  }
  return recordOf(node, viewer, { ...form.served, place: asker.place }, transfer, 0)
}

import type { Asker } from '../../answer-from-memory.ts'
import { interimTo } from '../../distribution/interim.ts'
import { answerRequest, type Behind } from '../answering.ts'
import { REQUEST_HEAD_BYTES_MAX, unreadableRequest, viewerRequestOf } from '../request.ts'
import type { BehindUpgrade } from '../upgrade.ts'
import { answerExtendedConnect } from './extended-connect.ts'
import { fieldsOfHttp2, type Http2Head } from './head.ts'
import { encodedBlock } from './hpack/encode.ts'
import { RequestBody } from './request-body.ts'
import type { Session } from './session.ts'
import type { Stream } from './stream.ts'
import { streamOutlet } from './stream-outlet.ts'

/** A request that memory can't answer, on a stream of its own. */
export interface LongAsked {
  session: Session
  stream: Stream
  asker: Asker
  head: Http2Head
  /** When it came, monotonic, ms. */
  startedMs: number
}

/** The two steps of a request's long way: what it brings is received at once, and it is begun when its turn comes. */
export interface LongWay {
  receive(stream: Stream, head: Http2Head): void
  begin(asked: LongAsked): void
}

const CONTINUE = encodedBlock([':status', '100'])

/** Has requests answered by what HTTP/1.1 uses too. */
export function longWay(behind: Behind, behindUpgrade: BehindUpgrade): LongWay {
  function answer({ stream, asker, head, startedMs }: LongAsked): void {
    const outlet = streamOutlet(stream, head.methodAsked, startedMs)
    const isComing = stream.body !== undefined && !stream.hasRequest
    if (isComing) stream.requestTimedOut = outlet.timeOut
    const viewer = viewerRequestOf({
      ...asker,
      method: head.methodAsked,
      target: head.target,
      fields: fieldsOfHttp2(head),
      body: stream.body,
      gone: outlet.gone,
      malformed: head.malformed,
    })
    viewer.request.informed = interimTo({ httpVersion: '2.0' }, outlet)
    if (isComing && head.expectsContinue) stream.sendHead(CONTINUE, { isFinal: false, ends: false })
    void answerRequest(viewer, outlet, behind)
  }

  function connect({ stream, asker, head, startedMs }: LongAsked, protocol: string, said: RequestBody): void {
    const outlet = streamOutlet(stream, 'GET', startedMs)
    const viewer = viewerRequestOf({
      ...asker,
      method: 'GET',
      scheme: 'wss',
      target: head.target,
      fields: fieldsOfHttp2(head),
      body: undefined,
      gone: outlet.gone,
      malformed: head.malformed,
    })
    answerExtendedConnect({ protocol, viewer, said }, stream, outlet, behind, behindUpgrade)
  }

  /** A head too large is answered as one that nobody could read, as it is by HTTP/1.1. */
  function refuseHead({ session, stream, head, startedMs }: LongAsked): void {
    const viewer = unreadableRequest(session.socket, 'https')
    const outlet = streamOutlet(stream, head.methodAsked, startedMs)
    void answerRequest(viewer, outlet, { ...behind, answer: async () => behind.unreadable(viewer, 413) })
  }

  return {
    receive(stream, head) {
      stream.receivedBytes = head.bytes
      if (!isReadable(head)) return
      const isTunnel = head.protocol !== undefined
      if (!isTunnel && head.length !== undefined) stream.lengthAnnounced = Number(head.length)
      if (!isTunnel && (stream.hasRequest || head.length === '0')) return
      stream.body = new RequestBody((bytes) => stream.taken(bytes))
      if (stream.hasRequest) stream.body.finish()
    },
    begin(asked) {
      const { stream, head } = asked
      if (!isReadable(head)) refuseHead(asked)
      else if (head.protocol !== undefined && stream.body !== undefined)
        connect(asked, head.protocol, stream.body)
      else answer(asked)
    },
  }
}

function isReadable({ bytes }: Http2Head): boolean {
  return bytes <= REQUEST_HEAD_BYTES_MAX
}

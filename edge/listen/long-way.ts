import { Readable } from 'node:stream'
import type { Asker } from '../answer-from-memory.ts'
import { ViewerGone } from '../cache/fetch/flight.ts'
import { Departure, type Leaving } from '../cache/leaving.ts'
import { interimTo } from '../distribution/interim.ts'
import type { ViewerRequest } from '../viewer.ts'
import { answerRequest, type Behind } from './answering.ts'
import { fieldsIn } from './field-lines.ts'
import { type Asked, laneOutlet } from './lane-outlet.ts'
import type { Outgoing } from './outgoing.ts'
import { viewerRequestOf } from './request.ts'
import type { RequestHead } from './small-upload.ts'

/** A request that is being answered. */
export interface UnderWay {
  /** The socket takes more. */
  drained(): void
  /** The viewer has left. */
  left(): void
}

/**
 * Has a plain request that memory alone can't answer answered by all of `answerViewer`, on the socket itself.
 *
 * @param body all of the request's body, where it has one
 */
export function answerTheLongWay(
  out: Outgoing,
  asker: Asker,
  asked: Asked & { head: RequestHead },
  behind: Behind,
  body?: Buffer,
): UnderWay {
  const gone = new Departure()
  const outlet = laneOutlet(out, asked)
  const viewer = viewerOf(asker, asked.head, gone, body)
  viewer.request.informed = interimTo({ httpVersion: '1.1' }, outlet)
  void answerRequest(viewer, outlet, behind)
  return {
    drained: outlet.drained,
    left() {
      gone.abort(new ViewerGone())
      outlet.left()
    },
  }
}

/** Tells the log of a request whose viewer left before its body was whole. @param received bytes of it, head and all */
export function tellOfBroken(
  asker: Asker,
  { head, startedMs }: { head: RequestHead; startedMs: number },
  received: number,
  { ended }: Behind,
): void {
  const takenUs = Math.round((performance.now() - startedMs) * 1000)
  ended(viewerOf(asker, head, AbortSignal.abort()), undefined, {
    status: 0,
    bytesSent: 0,
    bytesReceived: received,
    timeToFirstByteUs: takenUs,
    timeTakenUs: takenUs,
  })
}

function viewerOf(
  asker: Asker,
  { method, target, lines }: RequestHead,
  gone: Leaving,
  body?: Buffer,
): ViewerRequest {
  return viewerRequestOf({
    ...asker,
    method,
    target,
    fields: fieldsIn(lines),
    body: body && Readable.from(body, { objectMode: false }),
    protocolVersion: 'HTTP/1.1',
    gone,
  })
}

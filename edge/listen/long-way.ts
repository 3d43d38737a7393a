import type { Socket } from 'node:net'
import type { Asker } from '../answer-from-memory.ts'
import { ViewerGone } from '../cache/fetch/flight.ts'
import { interimTo } from '../distribution/interim.ts'
import { answerRequest, type Behind } from './answering.ts'
import { fieldsIn } from './field-lines.ts'
import { type Asked, laneOutlet } from './lane-outlet.ts'
import type { PlainHead } from './plain-head.ts'
import { viewerRequestOf } from './request.ts'

/** A request that is being answered. */
export interface UnderWay {
  /** The socket takes more. */
  drained(): void
  /** The viewer has left. */
  left(): void
}

/** Has a plain request that memory alone can't answer answered by all of `answerViewer`, on the socket itself. */
export function answerTheLongWay(
  socket: Socket,
  asker: Asker,
  asked: Asked & { head: PlainHead },
  behind: Behind,
): UnderWay {
  const { method, target, lines } = asked.head
  const gone = new AbortController()
  const outlet = laneOutlet(socket, asked)
  const viewer = viewerRequestOf({
    ...asker,
    method,
    target,
    fields: fieldsIn(lines),
    body: undefined,
    protocolVersion: 'HTTP/1.1',
    gone: gone.signal,
  })
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

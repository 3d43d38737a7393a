import type { Duplex, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Served } from '../../answer-viewer.ts'
import type { Answer } from '../../cache/answer.ts'
import { filterFields } from '../../cache/fields.ts'
import { ownAnswer } from '../../distribution/respond.ts'
import { askForWebSocket, type WebSocketAnswer } from '../../distribution/websocket-request.ts'
import type { UpgradeRoute } from '../../upgrade-viewer.ts'
import type { ViewerRequest } from '../../viewer.ts'
import { answerRequest, type Behind } from '../answering.ts'
import type { BehindUpgrade } from '../upgrade.ts'
import type { Stream } from './stream.ts'
import type { StreamOutlet } from './stream-outlet.ts'

/** What is asked by extended CONNECT (RFC 8441 §4): to speak `protocol` on a stream from then on. */
export interface ConnectAsked {
  protocol: string
  /** As over HTTP/1.1 it would be: GET, by `wss`, without a body. */
  viewer: ViewerRequest
  /** What the viewer says. */
  said: Readable
}

/** When the next tier has ended a connection, so long may the viewer take to end its side, ms. */
const LINGER_MS_MAX = 1_000

/**
 * Answers extended CONNECT. A WebSocket goes on to the shield by HTTP/1.1, as upgrades do, and once the shield has
 * switched, bytes pass both ways as fast as the slower side takes them. What is refused is answered as any request
 * is. It is logged when it has ended, and as over HTTP/1.1: the site said 101.
 */
export function answerExtendedConnect(
  { protocol, viewer, said }: ConnectAsked,
  stream: Stream,
  outlet: StreamOutlet,
  behind: Behind,
  behindUpgrade: BehindUpgrade,
): void {
  let hasSwitched = false

  async function answer(): Promise<Served> {
    if (protocol !== 'websocket') return behind.unreadable(viewer, 501)
    const { served, route } = behindUpgrade.upgrade(viewer)
    if (route === undefined) return served
    const answered = await askShield(viewer, route, behind)
    if (answered?.connection !== undefined) {
      hasSwitched = true
      stream.isTunnel = true
      listen(said, answered.connection, stream)
    }
    return { ...served, answer: wordedFor(viewer, answered, served.answer) }
  }

  const ended: Behind['ended'] = (who, served, transfer) => {
    behind.ended(
      who,
      served,
      hasSwitched && transfer.status === 200 ? { ...transfer, status: 101 } : transfer,
    )
  }
  void answerRequest(viewer, outlet, { ...behind, answer, ended })
}

/** @returns nothing when there was no answer */
async function askShield(
  { request, requestId, gone }: ViewerRequest,
  { url, fields: set }: UpgradeRoute,
  { log }: Behind,
): Promise<WebSocketAnswer | undefined> {
  const { target, fields } = request
  try {
    return await askForWebSocket({ url, target, fields, set }, gone)
  } catch (error) {
    if (!gone.aborted) log.warn({ requestId, error: String(error) }, 'an upgrade failed')
    return undefined
  }
}

/** The shield's answer as HTTP/2 says it: 200 that it has switched (RFC 8441 §5), else the refusal itself. */
function wordedFor(
  { requestId }: ViewerRequest,
  answered: WebSocketAnswer | undefined,
  { outcome }: Answer,
): Answer {
  if (answered === undefined)
    return ownAnswer(502, `The origin could not be reached. Request id: ${requestId}`)
  const { status, fields, body, connection } = answered
  if (connection === undefined) return { status, fields, body, outcome }
  // It has no length.
  const said = filterFields(fields, (name) => name !== 'content-length')
  return { status: 200, fields: said, body: connection, outcome }
}

/** Lets what a viewer says go on. What comes back is the answer's body. */
function listen(said: Readable, connection: Duplex, stream: Stream): void {
  // Either end breaks the other off, and the answer with it.
  pipeline(said, connection).catch(() => undefined)
  connection.once('close', () => {
    setTimeout(() => stream.endTunnel(), LINGER_MS_MAX).unref()
  })
}

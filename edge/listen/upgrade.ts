import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Logger } from 'pino'
import type { Served } from '../answer-viewer.ts'
import { ownAnswer } from '../distribution/respond.ts'
import { createUpgradeProxy } from '../distribution/upgrade-proxy.ts'
import type { Upgraded } from '../upgrade-viewer.ts'
import type { Transfer, ViewerRequest } from '../viewer.ts'
import { endWith, rawHead } from './raw-head.ts'
import { receivedOverHttp1, viewerRequestOf } from './request.ts'

/** What this front needs from the edge behind it. */
export interface BehindUpgrade {
  upgrade(viewer: ViewerRequest): Upgraded
  /** Told once for each upgrade, when its connection has ended. */
  ended(viewer: ViewerRequest, served: Served, transfer: Transfer): void
  log: Logger
}

/** An upgraded connection has no request-response pairs, so nobody's leaving ends anything. */
const NEVER = new AbortController().signal

/**
 * Passes WebSockets through to a shield.
 *
 * @param scheme `ws` or `wss`
 */
export function upgradeListener(scheme: string, behind: BehindUpgrade) {
  const carry = createUpgradeProxy({ changeOrigin: false })
  return (incoming: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const viewer = viewerRequestOf(receivedOverHttp1(incoming, scheme, NEVER))
    const { served, route } = behind.upgrade(viewer)
    // What is signed for the shield is the normalised target, and so that is what goes on.
    incoming.url = viewer.request.target
    let status = route === undefined ? served.answer.status : 0
    whenEnded(incoming.socket, (transfer) => behind.ended(viewer, served, { ...transfer, status }))
    if (route === undefined) {
      endWith(incoming.socket, rawHead(served.answer))
      return
    }
    carry(incoming, socket, head, {
      target: route.url,
      fields: route.fields,
      answered(answer) {
        status = answer
      },
      failed(error) {
        status = 502
        behind.log.warn({ requestId: viewer.requestId, error: String(error) }, 'an upgrade failed')
        const sentence = `The origin could not be reached. Request id: ${viewer.requestId}`
        endWith(incoming.socket, rawHead(ownAnswer(502, sentence)))
      },
    })
  }
}

function whenEnded(connection: Socket, done: (transfer: Omit<Transfer, 'status'>) => void): void {
  const startedMs = performance.now()
  connection.once('close', () => {
    const timeTakenUs = Math.round((performance.now() - startedMs) * 1000)
    const { bytesWritten, bytesRead } = connection
    done({ bytesSent: bytesWritten, bytesReceived: bytesRead, timeToFirstByteUs: timeTakenUs, timeTakenUs })
  })
}

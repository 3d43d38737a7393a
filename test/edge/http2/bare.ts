import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:tls'
import { pino } from 'pino'
import type { Served } from '../../../edge/answer-viewer.ts'
import type { Answer } from '../../../edge/cache/answer.ts'
import type { Behind } from '../../../edge/listen/answering.ts'
import { type Http2, type Http2Parts, http2 } from '../../../edge/listen/http2/http2.ts'
import { listenLimits } from '../../../edge/listen/settings.ts'
import { checkTlsInternals, type TlsInternals } from '../../../edge/listen/tls/tls-internals.ts'
import type { Transfer, ViewerRequest } from '../../../edge/viewer.ts'
import { certificateFiles } from '../http2-client.ts'

/** HTTP/2 over TLS on a port, with nothing of an edge behind it but what a test says. */
export interface BareHttp2 extends AsyncDisposable {
  port: number
  http2: Http2
  /** Requests of which the end was told, in that order, and how they went. */
  readonly ended: readonly { target: string; isGone: boolean; transfer: Transfer }[]
}

/**
 * @param answer of a request; who never says anything waits until the viewer is gone
 * @param more.leaving as of the edge: at once unless said
 * @param more.internals what TLS is read and written by, made of this Node's
 */
export async function bareHttp2(
  answer: (viewer: ViewerRequest) => Answer | undefined,
  more: { leaving?: Http2Parts['leaving']; internals?: (own: TlsInternals) => TlsInternals } = {},
): Promise<BareHttp2> {
  await using made = new AsyncDisposableStack()
  const { tls } = made.use(await certificateFiles())
  const log = pino({ level: 'silent' })
  const ended: { target: string; isGone: boolean; transfer: Transfer }[] = []
  const behind: Behind = {
    log,
    answer: async (viewer) => servedOf(answer(viewer) ?? (await untilGone(viewer))),
    ended: ({ request, gone }, _, transfer) =>
      void ended.push({ target: request.target, isGone: gone.aborted, transfer }),
    unreadable: () => {
      throw new Error('nothing unreadable is sent')
    },
  }
  const internals = await checkTlsInternals(log)
  const own = http2({
    behind,
    behindUpgrade: { upgrade: () => undefined as never, ended: () => undefined, log },
    lookUp: undefined,
    hits: undefined as never, // nothing is looked up
    placeOf: () => ({ country: '' }),
    limits: listenLimits.parse({}),
    now: Date.now,
    leaving: more.leaving ?? ((work) => work()),
    internals: more.internals?.(internals) ?? internals,
    log,
  })
  const pair = { cert: await readFile(tls.cert), key: await readFile(tls.key) }
  const server = createServer({ ...pair, ALPNProtocols: ['h2'] }, (socket) => own.take(socket))
  server.on('tlsClientError', () => undefined)
  made.defer(() => void server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const parts = made.move()
  return {
    port: (server.address() as AddressInfo).port,
    http2: own,
    ended,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

function untilGone({ gone }: ViewerRequest): Promise<never> {
  return new Promise((_, reject) => gone.addEventListener('abort', () => reject(gone.reason)))
}

function servedOf(answer: Answer): Served {
  return {
    answer,
    distribution: undefined,
    place: { country: '' },
    resultType: 'Miss',
    detailedResultType: 'Miss',
    cacheStatus: '',
  }
}

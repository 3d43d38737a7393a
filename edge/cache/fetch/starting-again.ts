import type { Readable } from 'node:stream'
import { type Answer, failedAnswer } from '../answer.ts'
import type { Leaving } from '../leaving.ts'
import { SlicesLost } from '../slices/sliced-body.ts'
import { failureOf } from './exchange.ts'
import { ViewerGone } from './flight.ts'
import { UpstreamError } from './upstream-error.ts'

/**
 * Thrown to a request whose body broke off before any of it was there for it: nothing has been sent, so it
 * can be asked for anew. The `cause` is what broke it off.
 */
export class BrokeOff extends Error {
  constructor(cause: unknown) {
    super('the body broke off before any of it was sent', { cause })
    this.name = 'BrokeOff'
  }
}

/**
 * The answer, once its body has begun: something of it is here, or it has ended. Nobody is kept waiting by
 * that, since a head goes out together with the first bytes.
 *
 * @throws BrokeOff when nothing came; ViewerGone
 */
export async function begun(answer: Answer, viewer: Leaving): Promise<Answer> {
  const { body } = answer
  if (body === undefined || Buffer.isBuffer(body)) return answer
  await firstBytesOf(body, viewer)
  return answer
}

function firstBytesOf(body: Readable, viewer: Leaving): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const here = () => resolve()
  const broken = (error: unknown) => reject(new BrokeOff(error))
  const leave = () => {
    reject(new ViewerGone())
    body.destroy()
  }
  body.once('readable', here).once('error', broken).once('close', here)
  viewer.addEventListener('abort', leave, { once: true })
  if (viewer.aborted) leave()
  return promise.finally(() => {
    body.off('readable', here).off('error', broken).off('close', here)
    viewer.removeEventListener('abort', leave)
  })
}

/**
 * Lets a request start again, once, when what it was to be answered from has turned out to be of no use.
 *
 * @param standIn the answer out of what is stale, where that is allowed when upstream fails
 */
export async function startingAgainOnce<Asked>(
  asked: Asked,
  attempt: (asked: Asked) => Promise<Answer>,
  standIn: (asked: Asked, error: UpstreamError) => Promise<Answer> | undefined,
): Promise<Answer> {
  try {
    return await attempt(asked)
  } catch (error) {
    if (failed(error) === undefined) throw error
  }
  try {
    return await attempt(asked)
  } catch (cause) {
    const error = failed(cause)
    if (error === undefined) throw cause
    const forward = cause instanceof SlicesLost ? 'partial' : 'uri-miss'
    return standIn(asked, error) ?? failedAnswer(error, { forward, upstreamUs: 0 })
  }
}

/** What a failed attempt tells of upstream; `undefined` when another attempt is of no use. */
function failed(cause: unknown): UpstreamError | undefined {
  if (cause instanceof SlicesLost)
    return new UpstreamError('OriginInvalidResponseError', 'upstream', { cause })
  if (!(cause instanceof BrokeOff)) return undefined
  return new UpstreamError(failureOf(cause.cause), 'upstream', { cause: cause.cause })
}

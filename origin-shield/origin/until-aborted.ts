import { discardBody, type Response } from '../../edge/cache/message.ts'

/**
 * The response, or a rejection with the signal's reason as soon as it is aborted.
 *
 * undici hears of an abort only once it has a connection, and a connection may take 10 s to fail. A
 * response that comes after all is discarded.
 */
export async function untilAborted(coming: Promise<Response>, signal: AbortSignal): Promise<Response> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const leave = () => reject(signal.reason)
  signal.addEventListener('abort', leave, { once: true })
  try {
    return await Promise.race([coming, aborted])
  } catch (error) {
    coming.then(discardBody, () => undefined)
    throw error
  } finally {
    signal.removeEventListener('abort', leave)
  }
}

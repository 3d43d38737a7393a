import { neverConnected } from '../../edge/cache/fetch/exchange.ts'
import { UpstreamError } from '../../edge/cache/fetch/upstream-error.ts'

/**
 * Whether another attempt may fare better: no connection was had, or it broke before the response's
 * head (a kept connection that the other side had just closed). Only for requests that may be sent
 * twice. A slow origin is not asked again: it would be slower still.
 */
export function isPassing(error: unknown): boolean {
  return neverConnected(error) || (error instanceof UpstreamError && error.failure === 'OriginReadError')
}

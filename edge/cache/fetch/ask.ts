import { firstValue } from '../fields.ts'
import type { Leaving } from '../leaving.ts'
import type { Request, Response, Upstream } from '../message.ts'
import type { Exchange } from '../rules/freshness.ts'
import { endToEndFields } from '../rules/hop-by-hop.ts'

/** A response as it came, and what it took. */
export interface Asked {
  response: Response
  exchange: Exchange
  upstreamUs: number
}

/**
 * Asks upstream. The response's fields are those that may go on, and always have a `Date`
 * (RFC 9110 §6.6.1).
 *
 * @throws UpstreamError; whatever the signal was aborted with
 */
export async function ask(
  upstream: Upstream,
  request: Request,
  signal: Leaving,
  now: () => number,
): Promise<Asked> {
  const requestedAtMs = now()
  const startedMs = performance.now()
  const response = await upstream(request, signal)
  const fields = endToEndFields(response.fields)
  const receivedAtMs = now()
  if (firstValue(fields, 'date') === undefined) fields.push('Date', new Date(receivedAtMs).toUTCString())
  return {
    response: { ...response, fields },
    exchange: { requestedAtMs, receivedAtMs },
    upstreamUs: Math.round((performance.now() - startedMs) * 1000),
  }
}

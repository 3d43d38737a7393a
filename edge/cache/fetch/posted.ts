import type { Answer } from '../answer.ts'
import type { Asking } from '../asking.ts'
import type { Outcome } from '../outcome.ts'
import type { Asked } from './ask.ts'
import type { Flights } from './flights.ts'
import { type Fetching, landNew } from './landing.ts'

/**
 * RFC 9110 §9.3.3: what a POST shows of its own target is stored for the next GET, and goes to whoever sent it.
 *
 * @param reply what upstream answered, and the newest invalidation when it was asked
 */
export async function keepPosted(
  fetching: Fetching,
  flights: Flights,
  asking: Asking,
  { validAsOf, outcome, ...reply }: Asked & { validAsOf: number; outcome: Outcome },
): Promise<Answer> {
  const { request } = asking
  const key = asking.keyOf(request.target)
  const fetched = { ...asking, key, stored: undefined, slice: undefined, validAsOf }
  const flight = flights.launch(request, key, async (_, self) => landNew(fetching, fetched, reply, self))
  const landing = await flight.landing
  const body = landing.kind === 'shared' ? landing.body.read() : reply.response.body
  return { ...reply.response, body, outcome }
}

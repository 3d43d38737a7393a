import type { Fields } from '../cache/fields.ts'
import { endToEndFields } from '../cache/rules/hop-by-hop.ts'
import { beyondTiers } from './shield-protocol.ts'

/** Interim responses that one request may bring; an origin could send them without end. */
const INTERIM_MAX = 16

/** What they go to: a response of node:http, or a stream of HTTP/2. */
export interface InterimOutlet {
  readonly headersSent: boolean
  readonly destroyed: boolean
  writeInformation(status: number, fields: string[]): void
}

/**
 * Passes interim responses on, 103 (Early Hints) above all, to whoever waits for the final one
 * (RFC 9110 §15.2). Not to HTTP/1.0, which doesn't know them; 100 and 101 are about one connection.
 *
 * @param asked the request; `httpVersion` as `1.1`
 */
export function interimTo(
  { httpVersion }: { httpVersion: string },
  outlet: InterimOutlet,
): (status: number, fields: Fields) => void {
  const knowsThem = httpVersion === '1.1' || httpVersion === '2.0'
  let passed = 0
  return (status, fields) => {
    const isOver = outlet.headersSent || outlet.destroyed
    if (isOver || !knowsThem || status <= 101 || passed >= INTERIM_MAX) return
    passed += 1
    outlet.writeInformation(status, beyondTiers(endToEndFields(fields)))
  }
}

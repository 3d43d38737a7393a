import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Fields, filterFields } from '../cache/fields.ts'
import { endToEndFields } from '../cache/hop-by-hop.ts'
import { isBetweenTiers } from './shield-protocol.ts'

/** Interim responses that one request may bring; an origin could send them without end. */
const INTERIM_MAX = 16

/**
 * Passes interim responses on, 103 (Early Hints) above all, to whoever waits for the final one
 * (RFC 9110 §15.2). Not to HTTP/1.0, which doesn't know them; 100 and 101 are about one connection.
 */
export function interimTo(
  { httpVersion }: IncomingMessage,
  response: ServerResponse,
): (status: number, fields: Fields) => void {
  let passed = 0
  return (status, fields) => {
    const isOver = response.headersSent || response.destroyed
    if (isOver || httpVersion !== '1.1' || status <= 101 || passed >= INTERIM_MAX) return
    passed += 1
    response.writeInformation(
      status,
      filterFields(endToEndFields(fields), (name) => !isBetweenTiers(name)),
    )
  }
}

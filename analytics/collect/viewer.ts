import type { AsnOf } from '../../edge/geo/database/asn.ts'
import { networkOf, plainAddress } from './network.ts'
import { type Visitor, visitorOf } from './visitor.ts'

/** What is derived of a record's address. The address itself goes no further. */
export interface Viewer {
  /** Its /24 or /48. */
  network: string
  /** Its autonomous system; 0 when unknown. */
  asn: number
  /** Who it was that day, by the day's salt: see visitor.ts. */
  visitorWith(userAgent: string, salt: string): Visitor
}

/** Looks a viewer up by the address; `undefined` where it is none. */
export function viewerAt(clientIp: string, asnOf: AsnOf): Viewer | undefined {
  const address = plainAddress(clientIp)
  if (address === undefined) return undefined
  // The last one is enough to remember: an address asks again and again with one browser, and of the same day.
  let last: { userAgent: string; salt: string; visitor: Visitor } | undefined
  return {
    network: networkOf(address),
    asn: asnOf(address),
    visitorWith(userAgent, salt) {
      if (last?.salt !== salt || last.userAgent !== userAgent) {
        last = { userAgent, salt, visitor: visitorOf({ salt, address, userAgent }) }
      }
      return last.visitor
    },
  }
}

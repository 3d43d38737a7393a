import type { AsnOf } from '../../edge/geo/database/asn.ts'
import { networkOf, plainAddress } from './network.ts'
import { remembered } from './remembered.ts'
import { visitorOf } from './visitor.ts'

/** What is derived of a record's address. The address itself goes no further. */
export interface Viewer {
  /** Its /24 or /48. */
  network: string
  /** Its autonomous system; 0 when unknown. */
  asn: string
  /** Who it was that day, by the day's salt: see visitor.ts. */
  visitorWith(userAgent: string, salt: string): string
}

/** Addresses remembered: those of a busy hour. */
const REMEMBERED_MAX = 50_000

/** Looks viewers up by their addresses. */
export function createViewers(asnOf: AsnOf): (clientIp: string) => Viewer {
  return remembered(
    REMEMBERED_MAX,
    (clientIp: string) => clientIp,
    (clientIp) => viewerAt(clientIp, asnOf),
  )
}

function viewerAt(clientIp: string, asnOf: AsnOf): Viewer {
  const address = plainAddress(clientIp) ?? clientIp
  // The last one is enough to remember: an address asks again and again with one browser, and of the same day.
  let last = { userAgent: '', salt: '', visitor: '' }
  return {
    network: networkOf(address),
    asn: String(asnOf(address)),
    visitorWith(userAgent, salt) {
      if (last.salt !== salt || last.userAgent !== userAgent) {
        last = { userAgent, salt, visitor: visitorOf({ salt, address, userAgent }) }
      }
      return last.visitor
    },
  }
}

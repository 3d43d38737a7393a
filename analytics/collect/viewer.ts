import type { AsnOf } from '../../edge/geo/database/asn.ts'
import { networkOf, plainAddress } from './network.ts'
import { type Visitor, visitorOf } from './visitor.ts'

/**
 * What is derived of a record's address. The address itself goes no further.
 *
 * Tens of thousands are remembered, and whenever V8 looks for garbage it looks at each: so it is one object.
 */
export class Viewer implements Visitor {
  /** Its /24 or /48. */
  readonly network: string
  /** Its autonomous system; 0 when unknown. */
  readonly asn: number
  /** The visitor that was asked for last. */
  low = 0
  high = 0
  readonly #address: string
  #userAgent: string | undefined
  #salt = ''

  constructor(address: string, asn: number) {
    this.network = networkOf(address)
    this.asn = asn
    this.#address = address
  }

  /**
   * Who it was that day, by the day's salt: see visitor.ts.
   *
   * @returns itself, which is good until the next is asked for
   */
  visitorWith(userAgent: string, salt: string): Visitor {
    // The last one is enough to remember: an address asks again and again with one browser, and of the same day.
    if (this.#salt !== salt || this.#userAgent !== userAgent) {
      const { low, high } = visitorOf({ salt, address: this.#address, userAgent })
      this.low = low
      this.high = high
      this.#salt = salt
      this.#userAgent = userAgent
    }
    return this
  }
}

/** Looks a viewer up by the address; `undefined` where it is none. */
export function viewerAt(clientIp: string, asnOf: AsnOf): Viewer | undefined {
  const address = plainAddress(clientIp)
  return address === undefined ? undefined : new Viewer(address, asnOf(address))
}

import { createHmac, timingSafeEqual } from 'node:crypto'

const CLIENT_BYTES = 8
const SERVER_BYTES = 16
/** How old a cookie may be, and how far ahead of our clock, seconds (RFC 9018 §4.3). */
const OLDEST_SECONDS = 3_600
const AHEAD_SECONDS = 300

/**
 * DNS cookies (RFC 7873): who sends back what we gave really is at its address.
 *
 * A server's cookie, laid out as RFC 9018 §4 has it, hashed with HMAC-SHA-256 instead of SipHash, which Node lacks:
 * all servers of one address have to be ours.
 *
 *     | version 1 | reserved 3 | seconds 4 | hash of client cookie, all of the above, client address 8 |
 */
export interface Cookies {
  /** Whether a cookie is whole and ours. @param cookie as it came @param address of the client, bytes */
  isOurs(cookie: Buffer, address: Uint8Array, nowSeconds: number): boolean
  /** The option of an answer: the client's part and ours. */
  written(cookie: Buffer, address: Uint8Array, nowSeconds: number): Buffer
}

/** @param secret the same for all routers of one address */
export function cookiesWith(secret: Buffer): Cookies {
  function hashOf(client: Buffer, head: Buffer, address: Uint8Array): Buffer {
    return createHmac('sha256', secret).update(client).update(head).update(address).digest().subarray(0, 8)
  }
  return {
    isOurs(cookie, address, nowSeconds) {
      if (cookie.length !== CLIENT_BYTES + SERVER_BYTES) return false
      const head = cookie.subarray(CLIENT_BYTES, CLIENT_BYTES + 8)
      const age = (nowSeconds - head.readUInt32BE(4)) | 0
      if (head[0] !== 1 || age > OLDEST_SECONDS || age < -AHEAD_SECONDS) return false
      const expected = hashOf(cookie.subarray(0, CLIENT_BYTES), head, address)
      return timingSafeEqual(cookie.subarray(CLIENT_BYTES + 8), expected)
    },
    written(cookie, address, nowSeconds) {
      const client = cookie.subarray(0, CLIENT_BYTES)
      const head = Buffer.alloc(8)
      head[0] = 1
      head.writeUInt32BE(nowSeconds >>> 0, 4)
      return Buffer.concat([client, head, hashOf(client, head, address)])
    },
  }
}

/** @returns `undefined` when it can't be one, which is to be answered with FORMERR (§5.2.2) */
export function readCookie(data: Buffer): Buffer | undefined {
  const { length } = data
  return length === CLIENT_BYTES || (length >= 16 && length <= 40) ? data : undefined
}

import { Readable } from 'node:stream'
import { firstValue } from '../fields.ts'
import type { Request } from '../message.ts'

/** Up to this length a request's body is waited for, bytes. */
const SMALL_BYTES = 16_384

/**
 * Waits for all of a request's small body, so that who sends one slowly holds no connection but his own. One
 * that is longer, or of unknown length, is sent on as it comes.
 *
 * @returns the body to send
 * @throws what the body breaks off with
 */
export async function wholeIfSmall({ body, fields }: Request): Promise<Readable | undefined> {
  const length = Number(firstValue(fields, 'content-length') ?? Number.NaN)
  if (body === undefined || !(length <= SMALL_BYTES)) return body
  // Pieces may be of one byte, and each would cost a hundred.
  const whole = Buffer.allocUnsafe(length)
  let bytes = 0
  for await (const piece of body) bytes += (piece as Buffer).copy(whole, bytes)
  return Readable.from(whole.subarray(0, bytes), { objectMode: false })
}

import type { Request } from '../../edge/cache/message.ts'
import { UpstreamError } from '../../edge/cache/upstream-error.ts'

/** Interim responses that an origin may send before its answer: each one gives it the read timeout anew. */
const INTERIM_MAX = 64

/**
 * Bounds the interim responses (1xx) that one request brings.
 *
 * @returns what is told of them, and a signal that is aborted with an UpstreamError when there are too many
 */
export function interimPatience(
  { informed }: Request,
  where: string,
): { informed: NonNullable<Request['informed']>; lost: AbortSignal } {
  const patience = new AbortController()
  let count = 0
  return {
    lost: patience.signal,
    informed(status, fields) {
      count += 1
      if (count <= INTERIM_MAX) informed?.(status, fields)
      else patience.abort(new UpstreamError('OriginInvalidResponseError', where, { cause: TOO_MANY }))
    },
  }
}

const TOO_MANY = new Error(`more than ${INTERIM_MAX} interim responses`)

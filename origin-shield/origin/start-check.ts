import { UpstreamError } from '../../edge/cache/fetch/upstream-error.ts'

/** How long a start-up check may take, ms. */
const CHECK_MS_MAX = 5_000

/**
 * Tries an origin, and says in words for an operator what is wrong and what to do.
 *
 * @param name of the origin
 * @param attempt throws when the origin can't be used
 * @returns `undefined` when nothing is wrong; never rejects, and takes 5 s at most
 */
export async function startCheck(
  name: string,
  attempt: (signal: AbortSignal) => Promise<void>,
): Promise<string | undefined> {
  const signal = AbortSignal.timeout(CHECK_MS_MAX)
  try {
    await attempt(signal)
    return undefined
  } catch (error) {
    if (signal.aborted) return `${name} did not answer within ${CHECK_MS_MAX / 1000} s`
    return error instanceof UpstreamError ? `${error.message}. ${error.remedy}` : `${name}: ${error}`
  }
}

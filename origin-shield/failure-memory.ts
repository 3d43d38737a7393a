import { UpstreamError } from '../edge/cache/fetch/upstream-error.ts'
import type { Response, Upstream } from '../edge/cache/message.ts'

/** Most failures that are remembered; beyond, the oldest is forgotten. */
const FAILURES_MAX = 10_000

/** Remembers for a while, by cache key, that an origin could not be had, so that not every viewer waits for it. */
export interface FailureMemory {
  /**
   * The upstream, unless it failed for this key a moment ago: then the same failure, at once.
   *
   * @param seconds how long a failure with a status (502, 504) is remembered; a status that isn't here is not
   */
  guard(key: string, seconds: ReadonlyMap<number, number>, upstream: Upstream): Upstream
}

/** Makes the memory: CloudFront's error caching for errors that no origin spoke. @param now Unix ms */
export function createFailureMemory(now: () => number): FailureMemory {
  const failures = new Map<string, { error: UpstreamError; untilMs: number }>()

  function remember(key: string, error: UpstreamError, seconds: number): void {
    failures.delete(key)
    failures.set(key, { error, untilMs: now() + seconds * 1000 })
    if (failures.size <= FAILURES_MAX) return
    const [oldest] = failures.keys()
    if (oldest !== undefined) failures.delete(oldest)
  }

  return {
    guard(key, seconds, upstream) {
      if (!seconds.has(502) && !seconds.has(504)) return upstream
      return async (request, signal): Promise<Response> => {
        const known = failures.get(key)
        if (known !== undefined && now() < known.untilMs) throw known.error
        try {
          const response = await upstream(request, signal)
          failures.delete(key)
          return response
        } catch (error) {
          if (signal.aborted || !(error instanceof UpstreamError)) throw error
          const wait = seconds.get(error.status) ?? 0
          if (wait > 0) remember(key, error, wait)
          throw error
        }
      }
    },
  }
}

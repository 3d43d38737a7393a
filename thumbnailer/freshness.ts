/**
 * How long a picture is fresh, and how long a failing site is left alone. Both are shares of a setting,
 * so that an operator turns one screw.
 */

/** How much longer a picture stays than one of the top sites, by rank. */
const BY_RANK = [
  { rankMax: 100, times: 1 },
  { rankMax: 1_000, times: 2 },
  { rankMax: 10_000, times: 4 },
] as const
const ELSE_TIMES = 7

/**
 * Age at which a picture is made anew, seconds: the more people look at a site, the sooner.
 *
 * @param rank of the site; one that has none is not much visited
 * @param maxAgeSeconds of the top sites' pictures
 */
export function freshSecondsOf(rank: number | undefined, maxAgeSeconds: number): number {
  const row = BY_RANK.find(({ rankMax }) => rank !== undefined && rank <= rankMax)
  return maxAgeSeconds * (row?.times ?? ELSE_TIMES)
}

/** Longest pause, seconds: even a site that failed for weeks is looked at once a day. */
const PAUSE_SECONDS_MAX = 86_400

/**
 * How long a site is left alone after it failed so many times in a row, seconds: twice as long each time.
 *
 * @param firstSeconds pause after the first failure
 */
export function pauseSecondsAfter(failures: number, firstSeconds: number): number {
  return Math.min(PAUSE_SECONDS_MAX, firstSeconds * 2 ** Math.min(failures - 1, 20))
}

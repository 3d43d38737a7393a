/** How a list differs from an earlier one. */
export interface Stability {
  /** Share of its first so many sites that weren't among the first so many then, 0 to 1. */
  changed: { top100: number; top1000: number }
  /** Rank-biased overlap, 0 to 1; 1 is the same order. */
  overlap: number
}

/** How much the next place weighs less than this one: the first hundred have 86 % of the weight. */
const PERSISTENCE = 0.99

/** Places that are compared; what is beyond weighs 0.0043 %. */
const DEPTH = 1_000

/** @param now sites in their order @param then the earlier list */
export function stabilityOf(now: readonly string[], then: readonly string[]): Stability {
  return {
    changed: { top100: shareChanged(now, then, 100), top1000: shareChanged(now, then, 1_000) },
    overlap: rankBiasedOverlap(now.slice(0, DEPTH), then.slice(0, DEPTH)),
  }
}

function shareChanged(now: readonly string[], then: readonly string[], top: number): number {
  const before = new Set(then.slice(0, top))
  const first = now.slice(0, top)
  if (first.length === 0) return 0
  return rounded(first.filter((site) => !before.has(site)).length / first.length)
}

/**
 * Webber, Moffat and Zobel's measure: the mean over depths of the share that both lists have in common down
 * to there, each depth weighing `PERSISTENCE` of the one before, and the whole scaled to the depths looked at.
 */
function rankBiasedOverlap(now: readonly string[], then: readonly string[]): number {
  const depth = Math.max(now.length, then.length)
  const seenNow = new Set<string>()
  const seenThen = new Set<string>()
  let common = 0
  let sum = 0
  let weights = 0
  for (let at = 0; at < depth; at += 1) {
    common += added(now[at], seenNow, seenThen)
    common += added(then[at], seenThen, seenNow)
    const weight = PERSISTENCE ** at
    sum += (weight * common) / (at + 1)
    weights += weight
  }
  return weights === 0 ? 1 : rounded(sum / weights)
}

/** @returns 1 when the site, now in `own`, is in both */
function added(site: string | undefined, own: Set<string>, other: ReadonlySet<string>): number {
  if (site === undefined) return 0
  own.add(site)
  return other.has(site) ? 1 : 0
}

function rounded(share: number): number {
  return Math.round(share * 10_000) / 10_000
}

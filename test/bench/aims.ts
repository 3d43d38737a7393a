/** What a figure of ours should be: so many times another contender's, or by itself. */
export type Aim = { of?: string } & ({ atLeast: number } | { atMost: number })

/** What was measured of what an aim asks for. */
export interface Found {
  value: number
  /** What else is to be said of it, e.g. `by CPU time`. */
  how?: string
}

/** Whether an aim is reached, in a few words. @param found nothing when whom it compares with was left out */
export function verdictOf(aim: Aim, found: Found | undefined): string {
  const bound = 'atLeast' in aim ? `≥ ${aim.atLeast}` : `≤ ${aim.atMost}`
  const wanted = aim.of === undefined ? bound : `${bound} × ${aim.of}`
  if (found === undefined || Number.isNaN(found.value)) return `– ${wanted}: not measured`
  const isReached = 'atLeast' in aim ? found.value >= aim.atLeast : found.value <= aim.atMost
  const how = found.how === undefined ? '' : ` (${found.value.toFixed(2)} ${found.how})`
  return `${isReached ? '✓' : '✗'} ${wanted}${how}`
}

/** Numbers as Alexa wrote them. */

/** With commas between thousands, at most so many digits behind the point. */
export function grouped(value: number, digits = 0): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: digits })
}

/** How a rank has moved: `+3` is three places worse; `NaN` where there was none before. */
export function rankDelta(now: number, before: number | undefined): string {
  return before === undefined ? 'NaN' : signed(now - before)
}

/** How a figure has moved, in percent of what it was. */
export function rateDelta(now: number, before: number | undefined): string {
  return before === undefined || before === 0
    ? 'NaN'
    : `${signed(Math.round((100 * (now - before)) / before))}%`
}

/** A part of 1 as percent. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(2)}%`
}

function signed(value: number): string {
  return value > 0 ? `+${value}` : String(value)
}

import { type Html, html } from './html.ts'
import { countText } from './wording.ts'

/** Size of the drawing, in its own units; the style sheet decides how large it is shown. */
const STEP = 4
const HEIGHT = 24

/** A line of one value a day, without axes: the shape of a month at a glance. */
export function sparkline(values: readonly number[], meaning: string): Html {
  const most = Math.max(1, ...values)
  const points = values.map((value, index) => `${index * STEP},${heightAt(value / most)}`)
  const width = (values.length - 1) * STEP
  const highest = countText(Math.max(0, ...values))
  const today = countText(values.at(-1) ?? 0)
  const last = points.at(-1) ?? '0,0'
  return html`<svg class="sparkline" role="img" viewBox="-3 -3 ${width + 6} ${HEIGHT + 6}"
 aria-label="${meaning}: at most ${highest} a day, ${today} today">
<polygon points="0,${HEIGHT} ${points.join(' ')} ${width},${HEIGHT}"/>
<polyline points="${points.join(' ')}"/>
<circle cx="${last.split(',')[0]}" cy="${last.split(',')[1]}" r="2.2"/>
</svg>`
}

function heightAt(share: number): string {
  return (HEIGHT - share * HEIGHT).toFixed(1)
}

import type { DayOfTraffic } from '../queries/traffic.ts'
import { type Html, html } from './html.ts'
import { labelled, roundUp } from './lines.ts'
import { bytesText, counted, countText, dayText } from './wording.ts'

/** Width of a day and height of the plot, in the drawing's own units: it is stretched to the page's width. */
const DAY_WIDTH = 10
const BAR_WIDTH = 6
const HEIGHT = 100

/**
 * The traffic of some days: bars are page views, the line is visitors, on one scale.
 *
 * The drawing is stretched without regard to its proportions and its words are HTML, so that they have
 * the same size on a telephone and on a wall. The same figures stand below as a table.
 */
export function trafficPlot(days: readonly DayOfTraffic[]): Html {
  const top = roundUp(Math.max(...days.flatMap((day) => [day.pageViews, day.visitors])))
  return html`<figure class="plot">
<figcaption class="legend">
<span class="key key-views">Page views</span><span class="key key-visitors">Visitors</span>
</figcaption>
<div class="plot-area">
<div class="plot-y" aria-hidden="true">${[top, top / 2, 0].map(countText).map(label)}</div>
${drawing(days, top)}
<div class="plot-x" aria-hidden="true">${labelled(days.map(({ date }) => date))
    .map(dayText)
    .map(label)}</div>
</div>
<details><summary>The same as a table</summary>${table(days)}</details>
</figure>`
}

function drawing(days: readonly DayOfTraffic[], top: number): Html {
  const width = days.length * DAY_WIDTH
  const placed = days.map((day, index) => ({
    day,
    left: index * DAY_WIDTH,
    x: index * DAY_WIDTH + DAY_WIDTH / 2,
    viewsY: heightOf(day.pageViews, top),
    visitorsY: heightOf(day.visitors, top),
  }))
  // The line begins with the site: before its first day nobody counted.
  const line = placed.slice(placed.findIndex(({ day }) => day.requests > 0))
  return html`<svg role="img" aria-labelledby="plot-title plot-description"
 viewBox="0 0 ${width} ${HEIGHT}" preserveAspectRatio="none">
<title id="plot-title">Page views and visitors by day</title>
<desc id="plot-description">${inWords(days)}</desc>
<g class="grid">${[0, 0.5, 1].map((share) => html`<path d="M0 ${HEIGHT * share}H${width}"/>`)}</g>
<g class="views">${placed.map(({ x, viewsY }) => bar(x, viewsY))}</g>
<polyline class="visitors" points="${line.map(({ x, visitorsY }) => `${x},${visitorsY}`).join(' ')}"/>
<g class="dots">${line.filter(({ day }) => day.visitors > 0).map(({ x, visitorsY }) => dot(x, visitorsY))}</g>
<g class="days">${placed.map(({ left, day }) => hint(left, day))}</g>
</svg>`
}

/** Where a value stands in the drawing, from its top. */
function heightOf(value: number, top: number): number {
  return Number((HEIGHT - (value / top) * HEIGHT).toFixed(2))
}

function bar(centre: number, top: number): Html {
  const left = centre - BAR_WIDTH / 2
  return html`<rect x="${left}" y="${top}" width="${BAR_WIDTH}" height="${HEIGHT - top}"/>`
}

/** A line without length and with round ends: unlike a circle it stays round when it is stretched. */
function dot(x: number, y: number): Html {
  return html`<path d="M${x} ${y}h0"/>`
}

/** An unseen column that shows its day's figures under the pointer. */
function hint(left: number, day: DayOfTraffic): Html {
  const figures = `${counted(day.pageViews, 'page view')}, ${counted(day.visitors, 'visitor')}`
  return html`<rect x="${left}" width="${DAY_WIDTH}" height="${HEIGHT}">
<title>${dayText(day.date)}: ${figures}</title></rect>`
}

function inWords(days: readonly DayOfTraffic[]): string {
  const views = days.reduce((sum, day) => sum + day.pageViews, 0)
  const best = days.reduce((most, day) => (day.pageViews > most.pageViews ? day : most))
  if (views === 0) return `No page views in ${days.length} days.`
  const peak = `most on ${dayText(best.date)}: ${countText(best.pageViews)}`
  return `${counted(views, 'page view')} in ${days.length} days, ${peak}.`
}

function label(text: string): Html {
  return html`<span>${text}</span>`
}

function table(days: readonly DayOfTraffic[]): Html {
  const columns = ['Day', 'Visitors', 'Page views', 'Requests', 'Sent']
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Traffic by day"><table>
<thead><tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>${days.toReversed().map(row)}</tbody>
</table></div>`
}

function row(day: DayOfTraffic): Html {
  const figures = [countText(day.visitors), countText(day.pageViews), countText(day.requests)]
  return html`<tr><th scope="row"><time datetime="${day.date}">${dayText(day.date)}</time></th>
${[...figures, bytesText(day.bytes)].map((figure) => html`<td>${figure}</td>`)}</tr>`
}

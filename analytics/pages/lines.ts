import type { Day } from '../queries/window.ts'
import { type Content, type Html, html } from './html.ts'
import { countText, dayText, hourText } from './wording.ts'

/** Width of a day and height of the drawing, in its own units: it is stretched to the page's width. */
const DAY_WIDTH = 10
const HEIGHT = 100

/** One line: what it is of, and a value for each day; `null` where there is none, which breaks the line. */
export interface Line {
  name: string
  /** How it is named in the legend, when not by its name alone. */
  legend?: Content
  values: readonly (number | null)[]
}

/** A chart of some lines over days. */
export interface LineChart {
  /** Unlike that of any other on the page. */
  id: string
  title: string
  /** All that it shows, in a sentence. */
  inWords: string
  /** Days, or the beginnings of hours as `2026-07-25T12:00:00Z`. */
  days: readonly Day[]
  by?: 'day' | 'hour'
  lines: readonly Line[]
  /** `ranks` has 1 at the top. */
  scale: 'counts' | 'ranks'
}

/** Least and most of the scale, from the bottom to the top, with what is written beside it. */
interface Scale {
  bottom: number
  top: number
  labels: readonly number[]
}

/**
 * Some lines over days. It is drawn here and needs no script; where there is one, `assets/charts.js` draws the
 * table's figures once more, with what each day had under the pointer.
 */
export function lineChart(chart: LineChart): Html {
  const scale = scaleOf(chart)
  return html`<figure class="plot lines lines-${chart.scale}" data-chart="${chart.scale}" data-by="${chart.by ?? 'day'}" aria-labelledby="${chart.id}-title">
<figcaption class="legend"><span class="unseen" id="${chart.id}-title">${chart.title}</span>
${chart.lines.map(({ name, legend }, index) => html`<span class="key key-line series-${index + 1}">${legend ?? name}</span>`)}
</figcaption>
<div class="plot-area">
<div class="plot-y" aria-hidden="true">${scale.labels.toReversed().map((value) => label(countText(value)))}</div>
${drawing(chart, scale)}
<div class="plot-x" aria-hidden="true">${labelled(chart.days).map((at) => label(timeText(chart, at)))}</div>
</div>
<details><summary>The same as a table</summary>${table(chart)}</details>
</figure>`
}

function drawing({ id, title, inWords, days, lines }: LineChart, { bottom, top }: Scale): Html {
  const width = Math.max(1, days.length - 1) * DAY_WIDTH
  const y = (value: number) => Number((HEIGHT * (1 - (value - bottom) / (top - bottom))).toFixed(2))
  return html`<svg role="img" aria-labelledby="${id}-drawn ${id}-words"
 viewBox="0 0 ${width} ${HEIGHT}" preserveAspectRatio="none">
<title id="${id}-drawn">${title}</title>
<desc id="${id}-words">${inWords}</desc>
<g class="grid">${[0, 0.5, 1].map((share) => html`<path d="M0 ${HEIGHT * share}H${width}"/>`)}</g>
${lines.map(({ values }, index) => html`<path class="series series-${index + 1}" d="${pathOf(values, y)}"/>`)}
</svg>`
}

/** A stroke for each run of days with values; a lone day is one without length, which round ends make a dot. */
function pathOf(values: readonly (number | null)[], y: (value: number) => number): string {
  let down = false
  return values
    .map((value, index) => {
      const command = down ? 'L' : 'M'
      down = value !== null
      if (value === null) return ''
      const alone = command === 'M' && (values[index + 1] ?? null) === null
      return `${command}${index * DAY_WIDTH} ${y(value)}${alone ? 'h0' : ''}`
    })
    .join('')
}

function scaleOf({ scale, lines }: LineChart): Scale {
  const most = Math.max(1, ...lines.flatMap(({ values }) => values.map((value) => value ?? 0)))
  if (scale === 'counts') {
    const top = roundUp(most)
    return { bottom: 0, top, labels: [0, top / 2, top] }
  }
  const worst = Math.max(3, most % 2 === 0 ? most + 1 : most)
  return { bottom: worst, top: 1, labels: [worst, (worst + 1) / 2, 1] }
}

/** The least of 2, 4, 6, 10, 20 … that isn't below: it has a whole half. */
export function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)))
  const step = [2, 4, 6, 10].find((factor) => factor * power >= value) ?? 20
  return step * power
}

/** First, middle and last day. */
export function labelled(days: readonly Day[]): Day[] {
  const indexes = [0, Math.floor((days.length - 1) / 2), days.length - 1]
  return [...new Set(indexes)].flatMap((index) => days[index] ?? [])
}

function label(text: string): Html {
  return html`<span>${text}</span>`
}

function timeText({ by }: Pick<LineChart, 'by'>, at: string): string {
  return by === 'hour' ? hourText(at) : dayText(at)
}

function table({ title, days, by = 'day', lines }: LineChart): Html {
  const rows = days.map((day, index) => ({ day, values: lines.map(({ values }) => values[index] ?? null) }))
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${title}, as a table"><table>
<thead><tr><th scope="col">${by === 'hour' ? 'Hour' : 'Day'}</th>${lines.map(({ name }) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${rows
    .toReversed()
    .map(
      ({ day, values }) =>
        html`<tr><th scope="row"><time datetime="${day}">${timeText({ by }, day)}</time></th>${values.map(cell)}</tr>\n`,
    )}</tbody>
</table></div>`
}

function cell(value: number | null): Html {
  return value === null ? html`<td>–</td>` : html`<td data-value="${value}">${countText(value)}</td>`
}

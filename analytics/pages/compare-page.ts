import { SITES_MAX } from '../queries/traffic.ts'
import { WINDOW_NAMES } from '../queries/window.ts'
import { choice, windowText } from './choice.ts'
import {
  type Compared,
  type Comparison,
  LENGTHS,
  MEASURES,
  type Measure,
  type ToCompare,
} from './comparison.ts'
import { type Content, type Html, html } from './html.ts'
import { layout } from './layout.ts'
import { lineChart } from './lines.ts'
import { counted, countText, dayText, siteText, spanText } from './wording.ts'

const MEASURE_TEXTS: Record<Measure, { choice: string; title: string }> = {
  visitors: { choice: 'Visitors', title: 'Visitors by day' },
  pageViews: { choice: 'Page views', title: 'Page views by day' },
  rank: { choice: 'Rank', title: 'Rank by day, in the 7 days until then' },
}

/** What was typed into the field, and what is wrong with it. */
export interface Typed {
  text: string
  refused: readonly string[]
  tooMany: number
}

/** `GET /compare` */
export function comparePage(comparison: Comparison, typed: Typed): Html {
  const { sites } = comparison
  return layout({
    title: sites.length === 0 ? 'Compare sites' : sites.join(', '),
    description: 'Traffic and ranks of some sites beside each other, within this CDN’s traffic.',
    at: '/compare',
    styles: ['tables', 'chart', 'words'],
    charts: sites.length > 0,
    main: html`<div class="opening">
<div>
<h1>Compare sites</h1>
<p class="lead">Up to ${SITES_MAX}, within this CDN’s traffic${leadEnd(comparison)}.</p>
</div>
${sites.length > 0 ? choices(comparison) : undefined}
</div>
${form(typed, comparison)}
${sites.length === 0 ? nothing() : shown(comparison)}`,
  })
}

function leadEnd({ sites, dates, measure }: Comparison): Html | undefined {
  const [from, to] = [dates[0], dates.at(-1)]
  if (sites.length === 0 || from === undefined || to === undefined) return undefined
  const soFar = measure === 'rank' ? undefined : ', today so far included'
  return html`, <span class="nowrap">${spanText({ from, to })}</span>${soFar}`
}

function form({ text, refused, tooMany }: Typed, { measure, days }: ToCompare): Html {
  const complaints = [
    refused.length > 0 ? `${refused.join(', ')}: no host name.` : undefined,
    tooMany > 0 ? `${counted(tooMany, 'site')} left out: ${SITES_MAX} is the most.` : undefined,
  ].filter((complaint) => complaint !== undefined)
  const wrong = complaints.length > 0
  return html`<form class="ask ask-sites" action="/compare">
<label for="sites">Sites <small>with commas between</small></label>
<div class="ask"><input id="sites" name="sites" value="${text}" placeholder="example.com, example.org" maxlength="2700"
 autocomplete="off" autocapitalize="off" spellcheck="false"${
   wrong ? html` aria-invalid="true" aria-describedby="complaint"` : undefined
 }>
<button>Compare</button></div>
<input type="hidden" name="measure" value="${measure}"><input type="hidden" name="days" value="${days}">
${wrong ? html`<p class="complaint" id="complaint">${complaints.join(' ')}</p>` : undefined}
</form>`
}

function choices({ sites, measure, days }: Comparison): Html {
  const to = (other: { measure?: Measure; days?: string }) =>
    `/compare?${new URLSearchParams({ sites: sites.join(','), measure, days: String(days), ...other })}`
  return html`<div class="choices">
${choice(
  'What is compared',
  MEASURES.map((one) => ({
    text: MEASURE_TEXTS[one].choice,
    href: to({ measure: one }),
    chosen: one === measure,
  })),
)}
${choice(
  'Days',
  LENGTHS.map((length) => ({
    text: `${length} days`,
    href: to({ days: length }),
    chosen: Number(length) === days,
  })),
)}
</div>`
}

function nothing(): Html {
  return html`<p class="nothing">Name the sites that you want beside each other, or open one of the
<a href="/">top sites</a> and compare it from there.</p>`
}

function shown(comparison: Comparison): Html {
  const { compared, dates, measure, rankedDay, days } = comparison
  const { title } = MEASURE_TEXTS[measure]
  const lines = compared.map(({ site, values }) => ({ name: site, values }))
  const hasValues = lines.some(({ values }) => values.some((value) => value !== null && value > 0))
  return html`<section aria-labelledby="chart"><h2 id="chart">${title}</h2>
${
  hasValues
    ? lineChart({
        id: 'compare',
        title,
        inWords: inWords(comparison),
        days: dates,
        lines,
        scale: scaleOf(measure),
      })
    : html`<p class="nothing">${
        measure === 'rank'
          ? 'None of them had a rank in these days. Ranks are worked out when a day is over.'
          : 'Nobody opened a page of them in these days. Longer names may be meant: find them by a part above.'
      }</p>`
}
</section>
<section aria-labelledby="figures"><h2 id="figures">Figures</h2>
${table(compared, { days, rankedDay })}
</section>`
}

function scaleOf(measure: Measure): 'counts' | 'ranks' {
  return measure === 'rank' ? 'ranks' : 'counts'
}

function inWords({ compared, measure }: Comparison): string {
  return compared
    .map(({ site, values }) => {
      const last = values.findLast((value) => value !== null)
      const text = last === undefined || last === null ? 'nothing' : countText(last)
      return `${site}: ${measure === 'rank' ? 'rank ' : ''}${text} at the end`
    })
    .join('; ')
}

function table(
  compared: readonly Compared[],
  { days, rankedDay }: { days: number; rankedDay: string | undefined },
): Html {
  const until = rankedDay === undefined ? undefined : html` <small>until ${dayText(rankedDay)}</small>`
  return html`<div class="wide" tabindex="0" role="region" aria-label="Figures of each site"><table class="shares">
<thead><tr><th scope="col">Site</th>
<th scope="col">Visitors <small>${days} days</small></th><th scope="col">Page views <small>${days} days</small></th>
${WINDOW_NAMES.map((name) => html`<th scope="col">Rank, ${windowText(name)}${until}</th>`)}
</tr></thead>
<tbody>${compared.map(row)}</tbody>
</table></div>`
}

function row({ site, visitors, pageViews, ranks, known }: Compared, index: number): Html {
  const rankCell = (rank: number | undefined): Content =>
    rank === undefined ? faint('none') : countText(rank)
  return html`<tr><th scope="row"><span class="key key-line series-${index + 1}"><a href="/sites/${encodeURIComponent(site)}">${siteText(site)}</a></span>
${known ? undefined : html`<small>nobody asked for it in these days</small>`}</th>
<td>${countText(visitors)}</td><td>${countText(pageViews)}</td>
${WINDOW_NAMES.map((name) => html`<td>${rankCell(ranks.get(name))}</td>`)}</tr>\n`
}

function faint(text: string): Html {
  return html`<span class="faint">${text}</span>`
}

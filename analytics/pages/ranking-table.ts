import type { DayOfTraffic } from '../queries/traffic.ts'
import { type Html, html } from './html.ts'
import type { Ranking, RankingRow } from './ranking.ts'
import { sparkline } from './sparkline.ts'
import { thumbnail } from './thumbnail.ts'
import { counted, countText, meanTexts, siteText } from './wording.ts'

/**
 * A ranking with pictures. Roles are spelt out because the narrow layout lays the table out as a grid, which
 * takes them away.
 */
export function rankingTable({ rows, traffic, everywhere, asked }: Ranking): Html {
  const abroad = asked.country !== undefined
  const texts = {
    reach: meanTexts(rows.map(({ reach }) => reach)),
    pageViews: meanTexts(rows.map(({ pageViews }) => pageViews)),
  }
  const last = abroad ? html`Rank everywhere` : html`30 days <small>to today</small>`
  return html`<table class="top" role="table">
<thead role="rowgroup"><tr role="row">
<th role="columnheader" scope="col" class="rank">Rank</th>
<th role="columnheader" scope="col" class="change"><span class="unseen">Change</span></th>
<th role="columnheader" scope="col" class="picture"><span class="unseen">Picture</span></th>
<th role="columnheader" scope="col">Site</th>
<th role="columnheader" scope="col" class="figure">Reach <small>a day</small></th>
<th role="columnheader" scope="col" class="figure">Page views <small>a day</small></th>
<th role="columnheader" scope="col" class="${abroad ? 'figure' : 'month'}">${last}</th>
</tr></thead>
<tbody role="rowgroup">
${rows.map((row) =>
  rowOf(
    row,
    texts,
    abroad ? everywhereCell(everywhere.get(row.site)) : monthCell(traffic.get(row.site) ?? []),
  ),
)}
</tbody>
</table>`
}

/** How the figures of a column are written. */
interface Texts {
  reach(value: number): string
  pageViews(value: number): string
}

function rowOf({ rank, bucket, change, site, reach, pageViews }: RankingRow, texts: Texts, last: Html): Html {
  const address = `/sites/${encodeURIComponent(site)}`
  return html`<tr role="row">
<td role="cell" class="rank">${rank}</td>
<td role="cell" class="change">${changeText(change)}${bucketText(bucket)}</td>
<td role="cell" class="picture">${thumbnail(site, 'small')}</td>
<th role="rowheader" scope="row" class="name"><a href="${address}">${siteText(site)}</a></th>
<td role="cell" class="figure">${texts.reach(reach)} ${unit('reach a day')}</td>
<td role="cell" class="figure">${texts.pageViews(pageViews)} ${unit('views a day')}</td>
${last}
</tr>
`
}

function monthCell(days: readonly DayOfTraffic[]): Html {
  return html`<td role="cell" class="month">${sparkline(
    days.map((day) => day.pageViews),
    'Page views',
  )}</td>`
}

function everywhereCell(rank: number | undefined): Html {
  const text = rank === undefined ? html`<span class="faint">none</span>` : countText(rank)
  return html`<td role="cell" class="figure">${text} ${unit('everywhere')}</td>`
}

/** How a rank has moved: an arrow to see, words to hear. */
function changeText(change: number | null | undefined): Html | undefined {
  if (change === undefined) return undefined
  if (change === null) return html`<span class="moved moved-new">new</span>`
  if (change === 0)
    return html`<span class="moved"><span aria-hidden="true">–</span><span class="unseen">unchanged</span></span>`
  const places = Math.abs(change)
  const [kind, arrow, word] = change > 0 ? ['up', '▲', 'up'] : ['down', '▼', 'down']
  return html`<span class="moved moved-${kind}"><span aria-hidden="true">${arrow} ${countText(places)}</span><span
 class="unseen">${word} ${counted(places, 'place')}</span></span>`
}

/** Where chance could have moved the rank. */
function bucketText(bucket: number | null): Html | undefined {
  if (bucket === null) return undefined
  return html` <small class="bucket">in first ${countText(bucket)}</small>`
}

/** Stands by a figure where there is no room for the table's head. */
function unit(text: string): Html {
  return html`<span class="unit" aria-hidden="true">${text}</span>`
}

import type { StableList } from '../queries/lists.ts'
import type { ListEntry } from '../ranking/list.ts'
import { type Content, type Html, html } from './html.ts'
import { layout } from './layout.ts'
import { counted, countText, fullDayText, shareText, siteText } from './wording.ts'

type Difference = StableList['stability']['day']

/** `GET /lists` */
export function listsPage(lists: readonly StableList[]): Html {
  return layout({
    title: 'Stable lists',
    description: 'A list of sites a day that never changes once it is made, to cite and to compare.',
    at: '/lists',
    styles: ['tables', 'words'],
    main: html`<div class="opening">
<div>
<h1>Stable lists</h1>
<p class="lead">One a day: the rankings of 30 days within this CDN’s traffic added up, so that a day moves little.
Each has a permanent id, and never changes.</p>
</div>
</div>
${lists.length === 0 ? nothing() : table(lists)}`,
  })
}

function nothing(): Html {
  return html`<p class="nothing">No list is made yet. The first one is, within half an hour, when the first day with
visitors is over (UTC).</p>`
}

function table(lists: readonly StableList[]): Html {
  return html`<div class="wide" tabindex="0" role="region" aria-label="Stable lists"><table class="shares listing">
<thead><tr><th scope="col">Last day</th><th scope="col" class="words">Id</th><th scope="col">Sites</th>
<th scope="col">Overlap <small>a day before</small></th><th scope="col">Overlap <small>a week before</small></th>
<th scope="col">Download</th></tr></thead>
<tbody>${lists.map(row)}</tbody>
</table></div>`
}

function row({ list, day, sites, stability }: StableList): Html {
  return html`<tr><th scope="row"><a href="/lists/${list}">${fullDayText(day)}</a></th>
<td class="words"><code>${list}</code></td><td>${countText(sites)}</td>
<td>${overlapText(stability.day)}</td><td>${overlapText(stability.week)}</td>
<td><a href="/v1/lists/${list}/top.csv" aria-label="List of ${fullDayText(day)} as CSV">CSV</a>
<a href="/v1/lists/${list}/top.csv.zip" aria-label="List of ${fullDayText(day)} as ZIP">ZIP</a></td></tr>\n`
}

function overlapText(difference: Difference): Content {
  return difference === null ? html`<span class="faint">–</span>` : shareText(difference.overlap)
}

/** `GET /lists/{id}` @param entries its first sites */
export function listPage(list: StableList, entries: readonly ListEntry[]): Html {
  const { list: id, day, sites, stability } = list
  return layout({
    title: `List ${id}`,
    description: `The stable list of ${fullDayText(day)}: ${counted(sites, 'site')}, within this CDN’s traffic.`,
    at: '/lists',
    styles: ['tables', 'words'],
    main: html`<div class="opening">
<div>
<p class="kind">Stable list</p>
<h1><code>${id}</code></h1>
<p class="lead">${counted(sites, 'site')} by the 30 days until ${fullDayText(day)}, within this CDN’s traffic. It
never changes.</p>
</div>
<p class="downloads"><a href="/v1/lists/${id}/top.csv">Download CSV</a> <a href="/v1/lists/${id}/top.csv.zip">Download ZIP</a></p>
</div>
<div class="beside">
<section aria-labelledby="entries">
<h2 id="entries">Sites ${sites > entries.length ? html`<small>the first ${countText(entries.length)}</small>` : undefined}</h2>
${entriesTable(entries)}
</section>
<div class="aside">
<section aria-labelledby="stability">
<h2 id="stability">Stability</h2>
${stabilityTable(stability)}
</section>
<section aria-labelledby="configuration">
<h2 id="configuration">Made by</h2>
${configuration(list)}
</section>
</div>
</div>
<p class="sources">As data: <a href="/v1/lists/${id}">/v1/lists/${id}</a></p>`,
  })
}

function entriesTable(entries: readonly ListEntry[]): Html {
  return html`<table class="entries">
<thead><tr><th scope="col" class="place">Rank</th><th scope="col">Site</th></tr></thead>
<tbody>${entries.map(
    ({ rank, site }) => html`<tr><td class="place">${countText(rank)}</td>
<th scope="row"><a href="/sites/${encodeURIComponent(site)}">${siteText(site)}</a></th></tr>\n`,
  )}</tbody>
</table>`
}

function stabilityTable({ day, week }: StableList['stability']): Html {
  const row = (name: Content, of: (difference: NonNullable<Difference>) => number) =>
    html`<tr><th scope="row">${name}</th>${[day, week].map(
      (difference) => html`<td>${difference === null ? '–' : shareText(of(difference))}</td>`,
    )}</tr>`
  return html`<table class="shares">
<thead><tr><th scope="col">Compared with</th><th scope="col">The day before</th><th scope="col">A week before</th></tr></thead>
<tbody>
${row('Rank-biased overlap', ({ overlap }) => overlap)}
${row('Changed among the first 100', ({ changed }) => changed.top100)}
${row('Changed among the first 1,000', ({ changed }) => changed.top1000)}
</tbody>
</table>
${day === null || week === null ? html`<p class="note">– where there was no list to compare with.</p>` : undefined}`
}

function configuration({ digest, configuration: made, inputs }: StableList): Html {
  const words = Object.entries(made).filter(([name]) => name !== 'inputs')
  return html`<dl class="facts">
${words.map(([name, value]) => fact(name, html`<code>${String(value)}</code>`))}
${fact('inputs', html`${counted(inputs.length, 'daily ranking')}, by their ids`)}
${fact('SHA-256 of the CSV', html`<code>${digest}</code>`)}
</dl>`
}

function fact(name: string, value: Content): Html {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>\n`
}

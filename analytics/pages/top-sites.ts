import type { RankedSite } from '../queries/rankings.ts'
import type { DayOfTraffic } from '../queries/traffic.ts'
import { WINDOW_NAMES, type Window, type WindowName } from '../queries/window.ts'
import { definitions } from './definitions.ts'
import { type Html, html } from './html.ts'
import { layout } from './layout.ts'
import { sparkline } from './sparkline.ts'
import { thumbnail } from './thumbnail.ts'
import { countText, spanText } from './wording.ts'

const WINDOW_TEXTS: Record<WindowName, string> = {
  '1d': '1 day',
  '7d': '7 days',
  '28d': '28 days',
  '91d': '91 days',
}

/** What the page of top sites shows. */
export interface TopSites {
  window: Window
  sites: readonly RankedSite[]
  /** Of each site, the last 30 days. */
  traffic: ReadonlyMap<string, readonly DayOfTraffic[]>
}

/** `GET /` */
export function topSitesPage({ window, sites, traffic }: TopSites): Html {
  return layout({
    title: 'Top sites',
    description: 'The sites that people visit most, within this CDN’s traffic.',
    main: html`<div class="opening">
<div>
<h1>Top sites</h1>
<p class="lead">What people opened most, <span class="nowrap">${spanText(window)}</span>.</p>
</div>
${windowChoice(window.window)}
</div>
${sites.length === 0 ? nothingYet() : list(sites, traffic)}
${definitions()}`,
  })
}

function windowChoice(chosen: WindowName): Html {
  const links = WINDOW_NAMES.toReversed().map((name) =>
    name === chosen
      ? html`<a href="/?window=${name}" aria-current="page">${WINDOW_TEXTS[name]}</a>`
      : html`<a href="/?window=${name}">${WINDOW_TEXTS[name]}</a>`,
  )
  return html`<nav class="choice" aria-label="Window of the ranking">${links}</nav>`
}

function nothingYet(): Html {
  return html`<p class="nothing">Nobody has opened a page in this window yet. Visit one of the sites; a few
seconds later it stands here.</p>`
}

/** Roles are spelt out because the narrow layout lays the table out as a grid, which takes them away. */
function list(sites: readonly RankedSite[], traffic: TopSites['traffic']): Html {
  return html`<table class="top" role="table">
<thead role="rowgroup"><tr role="row">
<th role="columnheader" scope="col" class="rank">Rank</th>
<th role="columnheader" scope="col" class="picture"><span class="unseen">Picture</span></th>
<th role="columnheader" scope="col">Site</th>
<th role="columnheader" scope="col" class="figure">Reach <small>a day</small></th>
<th role="columnheader" scope="col" class="figure">Page views <small>a day</small></th>
<th role="columnheader" scope="col" class="month">30 days</th>
</tr></thead>
<tbody role="rowgroup">
${sites.map((site) => row(site, traffic.get(site.site) ?? []))}
</tbody>
</table>`
}

function row({ rank, site, reach, pageViews }: RankedSite, days: readonly DayOfTraffic[]): Html {
  const views = days.map((day) => day.pageViews)
  const address = `/sites/${encodeURIComponent(site)}`
  return html`<tr role="row">
<td role="cell" class="rank">${rank}</td>
<td role="cell" class="picture">${thumbnail(site, 'small')}</td>
<th role="rowheader" scope="row" class="name"><a href="${address}">${site}</a></th>
<td role="cell" class="figure">${countText(reach)} ${unit('reach a day')}</td>
<td role="cell" class="figure">${countText(pageViews)} ${unit('views a day')}</td>
<td role="cell" class="month">${sparkline(views, 'Page views')}</td>
</tr>
`
}

/** Stands by a figure where there is no room for the table's head. */
function unit(text: string): Html {
  return html`<span class="unit" aria-hidden="true">${text}</span>`
}

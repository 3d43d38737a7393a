import type { LookedAt } from '../front-page/front-pages.ts'
import type { SiteFigures } from '../queries/figures.ts'
import type { LinkingSite } from '../queries/linking-sites.ts'
import type { PastRank } from '../queries/published-rankings.ts'
import type { Place } from '../queries/rankings.ts'
import type { CountryShare } from '../queries/site-countries.ts'
import type { SiteDetails } from '../queries/site-reports.ts'
import type { ContributingHost, SiteHost } from '../queries/site-traffic.ts'
import type { Span } from '../queries/window.ts'
import { daysOf } from '../queries/window.ts'
import { windowText } from './choice.ts'
import { type Html, html } from './html.ts'
import { layout } from './layout.ts'
import { lineChart } from './lines.ts'
import { trafficPlot } from './plot.ts'
import { shareBar } from './share-bar.ts'
import { contact, introduction } from './site-about.ts'
import { broughtAlong, cameFrom, openedPages, waited } from './site-details.ts'
import { thumbnail } from './thumbnail.ts'
import { tile, tiles } from './tile.ts'
import {
  bytesText,
  counted,
  countryText,
  countText,
  dayText,
  instantText,
  shareText,
  siteText,
  spanText,
} from './wording.ts'

/** All that the page of a site shows. */
export interface SitePage {
  figures: SiteFigures
  /** What the site says of itself. */
  about: LookedAt | undefined
  /** Ranks of the windows of 7 days that ended within a span of days. */
  history: { span: Span; ranks: readonly PastRank[] }
  /** Ranks by country, in the 7 days until the last day that is worked out. */
  inCountry: ReadonlyMap<string, number>
  /** What each host brought in a window. */
  hosts: { span: Span; contributing: readonly ContributingHost[] }
  /** Whence people came, in 28 days. */
  links: readonly LinkingSite[]
  /** Where people were, what they opened, whence they came, with what, and how long they waited, in a window. */
  details: { span: Span } & SiteDetails
}

/** Linking sites that are shown. */
const LINKS_MAX = 10

/** `GET /sites/{site}` @param server as who reads the page knows this server, `https://stats.example` */
export function sitePage(page: SitePage, server: string): Html {
  const { figures } = page
  const { site, traffic } = figures
  const { details: told } = page
  return layout({
    title: site,
    description: `Rank, traffic and a picture of ${site}, within this CDN’s traffic.`,
    styles: ['tables', 'site', 'chart'],
    charts: true,
    card: `${server}/v1/sites/${encodeURIComponent(site)}/card`,
    main: html`${opening(figures, page.about)}
${mostImportant(figures)}
<section aria-labelledby="history">
<h2 id="history">Rank <small>in the 7 days until each day; 1 is the best</small></h2>
${history(page.history)}
</section>
<section aria-labelledby="traffic">
<h2 id="traffic">Traffic <small>${counted(traffic.length, 'day')}, today so far included</small></h2>
${trafficPlot(traffic)}
</section>
<div class="beside">
<section aria-labelledby="countries">
<h2 id="countries">Countries <small>${spanText(told.span)}</small></h2>
${countries(told.countries, page.inCountry)}
</section>
<div class="aside">
<section aria-labelledby="hosts">
<h2 id="hosts">Host names <small>${spanText(page.hosts.span)}</small></h2>
${page.hosts.contributing.length > 0 ? contributingHosts(page.hosts.contributing) : hosts(figures.hosts)}
</section>
<section aria-labelledby="links">
<h2 id="links">Links in <small>28 days</small></h2>
${links(page.links)}
</section>
</div>
</div>
${details(page)}
${contact(page.about)}
${sources(site)}`,
  })
}

function details({ figures, details: { span, pages, referrers, devices, speed } }: SitePage): Html {
  return html`<div class="beside">
<section aria-labelledby="pages">
<h2 id="pages">Pages <small>${spanText(span)}</small></h2>
${openedPages(pages, figures.site)}
</section>
<div class="aside">
<section aria-labelledby="referrers">
<h2 id="referrers">Referrers <small>${spanText(span)}</small></h2>
${cameFrom(referrers)}
</section>
<section aria-labelledby="speed">
<h2 id="speed">Speed <small>${spanText(span)}</small></h2>
${waited(speed)}
</section>
</div>
</div>
${broughtAlong(devices)}`
}

function opening({ site, firstSeen, lastSeen }: SiteFigures, about: LookedAt | undefined): Html {
  const large = `/v1/sites/${encodeURIComponent(site)}/thumbnail?size=full&wait=1`
  return html`<div class="opening opening-site">
<a class="picture" href="${large}" aria-label="Large picture of ${site}">${thumbnail(site, 'large')}</a>
<div>
<h1>${siteText(site)}</h1>
${introduction(about)}
<p class="lead">In the log since <time datetime="${firstSeen}">${instantText(firstSeen)}</time>,
last asked for <time datetime="${lastSeen}">${instantText(lastSeen)}</time>.</p>
<p class="onward"><a href="/compare?sites=${encodeURIComponent(site)}">Compare with others</a>
<a href="/live?site=${encodeURIComponent(site)}">Live traffic</a></p>
</div>
</div>`
}

function history({ span, ranks }: SitePage['history']): Html {
  const best = ranks.reduce<PastRank | undefined>(
    (one, rank) => (one && one.rank <= rank.rank ? one : rank),
    undefined,
  )
  const last = ranks.at(-1)
  if (best === undefined || last === undefined) {
    return html`<p class="nothing">No rank yet on a day that is over. It is worked out after midnight (UTC).</p>`
  }
  const byDate = new Map(ranks.map(({ date, rank }) => [date, rank]))
  const days = daysOf(span).filter((day) => day >= (ranks[0]?.date ?? ''))
  return lineChart({
    id: 'rank',
    title: 'Rank by day',
    inWords: `Best on ${dayText(best.date)}: ${countText(best.rank)}. On ${dayText(last.date)}: ${countText(last.rank)}.`,
    days,
    lines: [{ name: 'Rank', values: days.map((day) => byDate.get(day) ?? null) }],
    scale: 'ranks',
  })
}

function mostImportant({ places, today }: SiteFigures): Html {
  return tiles(
    places.map(rankTile),
    tile('Visitors today', countText(today.visitors)),
    tile('Page views today', countText(today.pageViews)),
    tile('Requests today', countText(today.requests)),
    tile('Sent today', bytesText(today.bytes)),
  )
}

function rankTile({ window, ranked }: Place): Html {
  const name = html`Rank, ${windowText(window.window)} <small>${spanText(window)}</small>`
  if (ranked === undefined) return tile(name, html`<span class="faint">none</span>`, 'rank')
  return tile(name, html`<b>${ranked.rank}</b> <small>of ${countText(ranked.ranked)}</small>`, 'rank')
}

function countries(shares: readonly CountryShare[], rankIn: SitePage['inCountry']): Html {
  if (shares.length === 0) return html`<p class="nothing">No page views in this window.</p>`
  return html`<table class="shares">
<thead><tr>
<th scope="col">Country</th><th scope="col"><span class="unseen">Share as a bar</span></th>
<th scope="col">Share</th><th scope="col">Page views</th><th scope="col">Rank there</th>
</tr></thead>
<tbody>${shares.map((share) => countryRow(share, rankIn.get(share.country ?? '')))}</tbody>
</table>`
}

function countryRow({ country, pageViews, share }: CountryShare, rank: number | undefined): Html {
  const name = countryText(country)
  const linked = rank === undefined ? name : html`<a href="/countries/${country ?? ''}">${name}</a>`
  return html`<tr><th scope="row">${linked}</th><td class="bar">${shareBar(share)}</td>
<td>${shareText(share)}</td><td>${countText(pageViews)}</td><td>${rank === undefined ? none() : countText(rank)}</td></tr>`
}

function none(): Html {
  return html`<span class="faint">none</span>`
}

function contributingHosts(found: readonly ContributingHost[]): Html {
  return html`<table class="shares">
<thead><tr><th scope="col">Host</th><th scope="col">Of visitors</th><th scope="col">Of page views</th>
<th scope="col">Per visitor</th></tr></thead>
<tbody>${found.map(
    ({
      host,
      reachShare,
      pageViewsShare,
      pageViewsPerVisitor,
    }) => html`<tr><th scope="row">${siteText(host)}</th>
<td>${shareText(reachShare)}</td><td>${shareText(pageViewsShare)}</td><td>${countText(pageViewsPerVisitor)}</td></tr>`,
  )}</tbody>
</table>`
}

/** Where nobody opened a page: what was asked for at all. */
function hosts(known: readonly SiteHost[]): Html {
  return html`<table class="shares">
<thead><tr><th scope="col">Host</th><th scope="col">Requests <small>ever</small></th></tr></thead>
<tbody>${known.map(
    ({ host, requests }) =>
      html`<tr><th scope="row">${siteText(host)}</th><td>${countText(requests)}</td></tr>`,
  )}</tbody>
</table>`
}

function links(found: readonly LinkingSite[]): Html {
  if (found.length === 0) {
    return html`<p class="nothing">Nobody came by a link from another site of this CDN.</p>`
  }
  return html`<table class="shares">
<thead><tr><th scope="col">From</th><th scope="col">Visits</th></tr></thead>
<tbody>${found.slice(0, LINKS_MAX).map(
    ({
      site,
      visits,
    }) => html`<tr><th scope="row"><a href="/sites/${encodeURIComponent(site)}">${siteText(site)}</a></th>
<td>${countText(visits)}</td></tr>`,
  )}</tbody>
</table>
${found.length > LINKS_MAX ? html`<p class="note">${counted(found.length, 'site')} in all.</p>` : undefined}`
}

/** The same for programs. */
function sources(site: string): Html {
  const path = `/v1/sites/${encodeURIComponent(site)}`
  return html`<p class="sources">As data:
<a href="${path}">${path}</a>, <a href="${path}/traffic?days=30">…/traffic?days=30</a>, <a href="${path}/history">…/history</a>,
<a href="${path}/hosts">…/hosts</a>, <a href="${path}/pages">…/pages</a>,
<a href="${path}/referrers">…/referrers</a>, <a href="${path}/devices">…/devices</a>, <a href="${path}/speed">…/speed</a></p>`
}

import type { Place, SiteFigures } from '../queries/figures.ts'
import type { CountryShare, SiteHost } from '../queries/site.ts'
import type { DayOfTraffic } from '../queries/traffic.ts'
import { definitions } from './definitions.ts'
import { type Content, type Html, html } from './html.ts'
import { layout } from './layout.ts'
import { trafficPlot } from './plot.ts'
import { thumbnail } from './thumbnail.ts'
import { bytesText, counted, countryText, countText, instantText, shareText, spanText } from './wording.ts'

/** `GET /sites/{site}` */
export function sitePage(figures: SiteFigures, days: readonly DayOfTraffic[]): Html {
  const { site, countriesWindow } = figures
  return layout({
    title: site,
    description: `Rank, traffic and a picture of ${site}, within this CDN’s traffic.`,
    main: html`${opening(figures)}
${tiles(figures)}
<section aria-labelledby="traffic">
<h2 id="traffic">Traffic <small>${counted(days.length, 'day')}</small></h2>
${trafficPlot(days)}
</section>
<div class="beside">
<section aria-labelledby="countries">
<h2 id="countries">Countries <small>${spanText(countriesWindow)}</small></h2>
${countries(figures.countries)}
</section>
<section aria-labelledby="hosts">
<h2 id="hosts">Host names</h2>
${hosts(figures.hosts)}
</section>
</div>
${definitions()}
${sources(site)}`,
  })
}

function opening({ site, firstSeen, lastSeen }: SiteFigures): Html {
  const large = `/v1/sites/${encodeURIComponent(site)}/thumbnail?size=full`
  return html`<div class="opening opening-site">
<a class="picture" href="${large}" aria-label="Large picture of ${site}">${thumbnail(site, 'large')}</a>
<div>
<h1>${site}</h1>
<p class="lead">In the log since <time datetime="${firstSeen}">${instantText(firstSeen)}</time>,
last asked for <time datetime="${lastSeen}">${instantText(lastSeen)}</time>.</p>
</div>
</div>`
}

function tiles({ places, today }: SiteFigures): Html {
  return html`<dl class="tiles">
${places.toReversed().map(rankTile)}
${tile('Visitors today', countText(today.visitors))}
${tile('Page views today', countText(today.pageViews))}
${tile('Requests today', countText(today.requests))}
${tile('Sent today', bytesText(today.bytes))}
</dl>`
}

function rankTile({ window, ranked }: Place): Html {
  const name = html`Rank <small>${spanText(window)}</small>`
  if (ranked === undefined) return tile(name, html`<span class="faint">none</span>`, 'rank')
  return tile(name, html`<b>${ranked.rank}</b> <small>of ${countText(ranked.ranked)}</small>`, 'rank')
}

function tile(name: Content, value: Content, kind = 'plain'): Html {
  return html`<div class="tile tile-${kind}"><dt>${name}</dt><dd>${value}</dd></div>`
}

function countries(shares: readonly CountryShare[]): Html {
  if (shares.length === 0) return html`<p class="nothing">No page views in this window.</p>`
  return html`<table class="shares">
<thead><tr>
<th scope="col">Country</th><th scope="col"><span class="unseen">Share as a bar</span></th>
<th scope="col">Page views</th><th scope="col">Share</th>
</tr></thead>
<tbody>${shares.map(countryRow)}</tbody>
</table>`
}

function countryRow({ country, pageViews, share }: CountryShare): Html {
  return html`<tr><th scope="row">${countryText(country)}</th><td class="bar">${shareBar(share)}</td>
<td>${countText(pageViews)}</td><td>${shareText(share)}</td></tr>`
}

function shareBar(share: number): Html {
  return html`<svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
<rect width="${(share * 100).toFixed(2)}" height="6"/></svg>`
}

function hosts(known: readonly SiteHost[]): Html {
  return html`<table class="shares">
<thead><tr><th scope="col">Host</th><th scope="col">Page views</th><th scope="col">Requests</th></tr></thead>
<tbody>${known.map(hostRow)}</tbody>
</table>`
}

function hostRow({ host, pageViews, requests }: SiteHost): Html {
  return html`<tr><th scope="row">${host}</th>
<td>${countText(pageViews)}</td><td>${countText(requests)}</td></tr>`
}

/** The same for programs. */
function sources(site: string): Html {
  const path = `/v1/sites/${encodeURIComponent(site)}`
  return html`<p class="sources">As data:
<a href="${path}">${path}</a>, <a href="${path}/traffic?days=30">…/traffic?days=30</a></p>`
}

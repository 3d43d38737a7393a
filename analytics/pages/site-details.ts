import type {
  DeviceShare,
  Devices,
  DeviceTrait,
  SitePage as Opened,
  PageSpeed,
  Referrers,
} from '../queries/site-reports.ts'
import { type Content, type Html, html } from './html.ts'
import { shareBar } from './share-bar.ts'
import { countText, millisecondsText, shareText, siteText } from './wording.ts'

const TRAIT_TITLES: Record<DeviceTrait, string> = { device: 'Devices', browser: 'Browsers', os: 'Systems' }

/** Parts of a site's page: what people opened there, whence they came, with what, and how long they waited. */

/** Pages, most page views first. @param site whose pages they are: a host that is it isn't named */
export function openedPages(pages: readonly Opened[], site: string): Html {
  if (pages.length === 0) return html`<p class="nothing">No page views in this window.</p>`
  return html`<table class="shares">
<thead><tr><th scope="col">Page</th><th scope="col">Share</th><th scope="col">Views</th><th scope="col">Visitors</th></tr></thead>
<tbody>${pages.map(
    ({ host, path, share, pageViews, visitors }) => html`<tr><th scope="row">${path}
${host === site ? undefined : html`<small>${siteText(host)}</small>`}</th>
<td>${shareText(share)}</td><td>${countText(pageViews)}</td><td>${countText(visitors)}</td></tr>\n`,
  )}</tbody>
</table>`
}

/** Whence people came, by domain, with what names nobody. */
export function cameFrom({ pageViews, direct, internal, items }: Referrers): Html {
  if (pageViews === 0) return html`<p class="nothing">No page views in this window.</p>`
  const row = (name: Content, views: number) => html`<tr><th scope="row">${name}</th>
<td class="bar">${shareBar(views / pageViews)}</td><td>${shareText(views / pageViews)}</td><td>${countText(views)}</td></tr>\n`
  return html`<table class="shares">
<thead><tr><th scope="col">From</th><th scope="col"><span class="unseen">Share as a bar</span></th><th scope="col">Share</th>
<th scope="col">Views</th></tr></thead>
<tbody>${row(html`<i>no page that a browser named</i>`, direct)}${row(html`<i>the site itself</i>`, internal)}
${items.map((item) => row(siteText(item.domain), item.pageViews))}</tbody>
</table>`
}

/** With what people came; nothing where nobody did, which other parts of the page say. */
export function broughtAlong(devices: Devices): Html | undefined {
  if (devices.device.length === 0) return undefined
  const traits = Object.entries(TRAIT_TITLES) as [DeviceTrait, string][]
  return html`<div class="traits">
${traits.map(([trait, title]) => traitTable(trait, title, devices[trait]))}
</div>`
}

function traitTable(trait: DeviceTrait, title: string, shares: readonly DeviceShare[]): Html {
  return html`<section aria-labelledby="${trait}"><h2 id="${trait}">${title}</h2>
<table class="shares">
<thead class="unseen"><tr><th scope="col">${title}</th><th scope="col">Share as a bar</th><th scope="col">Share of page views</th></tr></thead>
<tbody>${shares.map(
    ({ value, share }) => html`<tr><th scope="row">${value}</th>
<td class="bar">${shareBar(share)}</td><td>${shareText(share)}</td></tr>\n`,
  )}</tbody>
</table>
</section>\n`
}

/** Percentiles of how long people waited. */
export function waited(speed: PageSpeed | undefined): Html {
  if (speed === undefined) return html`<p class="nothing">Nobody waited for a page in this window.</p>`
  const row = (name: string, { p50, p75, p95, p99 }: PageSpeed['origin']) =>
    html`<tr><th scope="row">${name}</th>${[p50, p75, p95, p99].map((ms) => html`<td>${millisecondsText(ms)}</td>`)}</tr>\n`
  return html`<table class="shares">
<thead><tr><th scope="col">Until</th><th scope="col">Median</th><th scope="col">p75</th><th scope="col">p95</th><th scope="col">p99</th></tr></thead>
<tbody>${row('first byte sent', speed.firstByte)}${row('last byte sent', speed.complete)}
${speed.fetched === 0 ? undefined : row('origin answered', speed.origin)}</tbody>
</table>
<p class="note">Of ${countText(speed.views)} page views, as the edge saw them; ${countText(speed.fetched)} asked the origin.</p>`
}

import type { Span } from '../queries/window.ts'
import { type Granularity, HOURLY_DAYS_MAX } from '../reports/period.ts'
import type { Reports } from '../reports/reports.ts'
import type { PopularObject } from '../reports/top.ts'
import { shareOf, type Traffic } from '../reports/traffic.ts'
import { changeOf, type Sums, type Trend } from '../reports/trend.ts'
import type { Trait, ViewerShare, Viewers } from '../reports/viewers.ts'
import { choice } from './choice.ts'
import { lengthChoice } from './distributions-page.ts'
import { type Content, type Html, html } from './html.ts'
import { layout } from './layout.ts'
import { lineChart } from './lines.ts'
import { shareBar } from './share-bar.ts'
import { tile, tiles } from './tile.ts'
import {
  bytesText,
  changeText,
  countryText,
  countText,
  millisecondsText,
  shareText,
  siteText,
  spanText,
} from './wording.ts'

/** All that the page of a distribution shows. */
export interface DistributionPage {
  id: string
  days: number
  /** How finely its time is told. */
  by: Granularity
  span: Span
  traffic: Awaited<ReturnType<Reports['traffic']>>
  trend: Trend
  objects: readonly PopularObject[]
  referrers: Awaited<ReturnType<Reports['topReferrers']>>
  viewers: Viewers
}

const TRAIT_TITLES: Record<Trait, string> = {
  country: 'Countries',
  device: 'Devices',
  browser: 'Browsers',
  os: 'Systems',
  http: 'HTTP',
  tls: 'TLS',
}

/** Values of a trait that are shown. */
const VALUES_SHOWN = 8

/** `GET /distributions/{id}`: CloudFront's reports, in its words. */
export function distributionPage(page: DistributionPage): Html {
  const { id, days, span, traffic } = page
  return layout({
    title: `${id}: reports`,
    at: '/distributions',
    description: `Cache statistics, popular objects, referrers and viewers of the distribution ${id}.`,
    styles: ['tables', 'words', 'site', 'chart'],
    charts: true,
    main: html`<div class="opening">
<div>
<p class="kind">Distribution</p>
<h1>${id}</h1>
<p class="lead"><span class="nowrap">${spanText(span)}</span>, today so far included; bots and errors count.
<a href="/distributions">All distributions</a></p>
</div>
${lengthChoice(`/distributions/${id}`, days)}
</div>
${traffic.total.requests === 0 ? nothing() : reportsOf(page)}
${sources(id, span)}`,
  })
}

function nothing(): Html {
  return html`<p class="nothing">Nobody asked for anything in these days. Records arrive a few seconds after a visit.</p>`
}

function reportsOf(page: DistributionPage): Html {
  const { days, by, traffic } = page
  return html`${figures(page)}
<p class="note">Changes are against ${days === 1 ? 'yesterday at this hour' : `the ${days} days before`}; the
${days > HOURLY_DAYS_MAX ? 'day' : 'hour'} that isn’t over is left out of them.</p>
<section aria-labelledby="results"><div class="heading"><h2 id="results">Requests <small>by ${by} and result</small></h2>
${days > 1 && days <= HOURLY_DAYS_MAX ? byChoice(page) : undefined}</div>
${results(traffic, by)}
</section>
<section aria-labelledby="objects"><h2 id="objects">Popular objects <small>without their query</small></h2>
${objects(page.objects)}
</section>
<section aria-labelledby="referrers"><h2 id="referrers">Referrers</h2>
${referrers(page.referrers)}
</section>
<div class="traits">
${Object.entries(TRAIT_TITLES).map(([trait, title]) => viewers(trait as Trait, title, page.viewers[trait as Trait]))}
</div>`
}

function byChoice({ id, days, by }: DistributionPage): Html {
  return choice(
    'How finely time is told',
    (['day', 'hour'] as const).map((one) => ({
      text: `By ${one}`,
      href: `/distributions/${id}?days=${days}&by=${one}`,
      chosen: one === by,
    })),
  )
}

function figures({ traffic: { total }, trend }: DistributionPage): Html {
  const [p50, p90, p99] = total.originMs
  const failed = total.status4xx + total.status5xx
  return tiles(
    tile('Requests', html`${countText(total.requests)} ${grown(trend, ({ requests }) => requests)}`),
    tile('Sent', html`${bytesText(total.bytesOut)} ${grown(trend, ({ bytesOut }) => bytesOut)}`),
    tile(
      html`Cache hit ratio <small>of requests</small>`,
      html`${ratio(shareOf(total.hits, total.hits + total.misses))}
${moved(
  trend,
  ({ hits }) => hits,
  ({ hits, misses }) => hits + misses,
)}`,
    ),
    tile(html`Cache hit ratio <small>of bytes</small>`, ratio(shareOf(total.hitBytes, total.cacheableBytes))),
    tile(
      html`Errors <small>4xx and 5xx</small>`,
      html`${ratio(shareOf(failed, total.requests))} ${moved(
        trend,
        (sums) => sums.failed,
        ({ requests }) => requests,
      )}`,
    ),
    tile(html`Errors <small>5xx alone</small>`, ratio(shareOf(total.status5xx, total.requests))),
    tile(html`Origin’s first byte <small>median</small>`, latency(p50)),
    tile(
      html`Origin’s first byte <small>p90, p99</small>`,
      p90 === null
        ? latency(null)
        : html`<span class="nowrap">${latency(p90)},</span> <span class="nowrap">${latency(p99)}</span>`,
    ),
  )
}

/** How an amount has changed; nothing where there is nothing to compare. */
function grown(trend: Trend, figure: (sums: Sums) => number): Html | undefined {
  const change = changeOf(trend, figure)
  return change === undefined ? undefined : html`<small class="change">${changeText(change)}</small>`
}

/** The same of a ratio, in points: 90% to 92% is 2 of them. */
function moved({ now, before }: Trend, part: (sums: Sums) => number, whole: (sums: Sums) => number) {
  const [is, was] = [shareOf(part(now), whole(now)), shareOf(part(before), whole(before))]
  return is === null || was === null
    ? undefined
    : html`<small class="change">${changeText(is - was).replace('%', ' points')}</small>`
}

function results({ total, periods }: DistributionPage['traffic'], by: Granularity): Html {
  const line = (name: string, of: (traffic: Traffic) => number) => ({ name, values: periods.map(of) })
  const share = (part: number) => ratio(shareOf(part, total.requests))
  return lineChart({
    id: 'requests',
    title: `Requests by ${by} and result`,
    by,
    inWords: `${countText(total.requests)} in all: ${countText(total.hits)} hits, ${countText(total.misses)} misses,
${countText(total.errors)} errors.`,
    days: periods.map(({ at }) => (by === 'day' ? at.slice(0, 10) : at)),
    lines: [
      { ...line('Hits', ({ hits }) => hits), legend: html`Hits ${share(total.hits)}` },
      { ...line('Misses', ({ misses }) => misses), legend: html`Misses ${share(total.misses)}` },
      { ...line('Errors', ({ errors }) => errors), legend: html`Errors ${share(total.errors)}` },
    ],
    scale: 'counts',
  })
}

function objects(found: readonly PopularObject[]): Html {
  if (found.length === 0) return html`<p class="nothing">None in these days.</p>`
  return html`<div class="wide" tabindex="0" role="region" aria-label="Popular objects"><table class="shares objects">
<thead><tr><th scope="col">Object</th><th scope="col">Requests</th><th scope="col">Hit ratio</th><th scope="col">Sent</th>
<th scope="col">From origin</th><th scope="col">2xx</th><th scope="col">3xx</th><th scope="col">4xx</th><th scope="col">5xx</th></tr></thead>
<tbody>${found.map(
    (one) => html`<tr><th scope="row">${one.object}</th><td>${countText(one.requests)}</td>
<td>${ratio(one.hitRatio)}</td><td>${bytesText(one.bytes)}</td><td>${bytesText(one.missBytes)}</td>
${[one.status2xx, one.status3xx, one.status4xx, one.status5xx].map((count) => html`<td>${some(count)}</td>`)}</tr>\n`,
  )}</tbody>
</table></div>`
}

function referrers({ requests, withoutReferrer, items }: DistributionPage['referrers']): Html {
  const without = html`<p class="note">${ratio(shareOf(withoutReferrer, requests))} of requests name none.</p>`
  if (items.length === 0) return html`<p class="nothing">No request named where it came from.</p>`
  return html`<table class="shares">
<thead><tr><th scope="col">Host</th><th scope="col"><span class="unseen">Share as a bar</span></th><th scope="col">Share</th>
<th scope="col">Requests</th><th scope="col">Sent</th></tr></thead>
<tbody>${items.map(
    ({ host, requests: count, bytes, share }) => html`<tr><th scope="row">${siteText(host)}</th>
<td class="bar">${shareBar(share ?? 0)}</td><td>${ratio(share)}</td><td>${countText(count)}</td><td>${bytesText(bytes)}</td></tr>\n`,
  )}</tbody>
</table>
${without}`
}

function viewers(trait: Trait, title: string, shares: readonly ViewerShare[]): Html {
  const shown = shares.slice(0, VALUES_SHOWN)
  const rest = shares.slice(VALUES_SHOWN).reduce((sum, { share }) => sum + (share ?? 0), 0)
  return html`<section aria-labelledby="${trait}"><h2 id="${trait}">${title}</h2>
${
  shown.length === 0
    ? html`<p class="nothing">Nobody came.</p>`
    : html`<table class="shares">
<thead class="unseen"><tr><th scope="col">${title}</th><th scope="col">Share as a bar</th><th scope="col">Share of requests</th></tr></thead>
<tbody>${shown.map(
        ({ value, share }) => html`<tr><th scope="row">${valueText(trait, value)}</th>
<td class="bar">${shareBar(share ?? 0)}</td><td>${ratio(share)}</td></tr>\n`,
      )}</tbody>
</table>`
}
${rest > 0 ? html`<p class="note">Others: ${shareText(rest)}</p>` : undefined}
</section>`
}

function valueText(trait: Trait, value: string | null): string {
  if (trait === 'country') return countryText(value)
  if (value !== null) return value
  return trait === 'tls' ? 'None' : 'Unknown'
}

function ratio(share: number | null): Content {
  return share === null ? html`<span class="faint">–</span>` : shareText(share)
}

function latency(milliseconds: number | null): Content {
  return milliseconds === null ? html`<span class="faint">–</span>` : millisecondsText(milliseconds)
}

function some(count: number): Content {
  return count === 0 ? html`<span class="faint">–</span>` : countText(count)
}

/** The same for programs. */
function sources(id: string, { from, to }: Span): Html {
  const path = `/v1/distributions/${id}`
  const reports = ['cache-statistics', 'popular-objects', 'top-referrers', 'usage', 'viewers']
  return html`<p class="sources">As data:
${reports.map((report) => html`<a href="${path}/reports/${report}?from=${from}&amp;to=${to}">…/${report}</a>\n`)}</p>`
}

import { GLOBAL_ITEMS, type Item, type Used } from '../usage/items.ts'
import { exactText, type Nanos } from '../usage/money.ts'
import type { Month } from '../usage/month.ts'
import { unitOf } from '../usage/price-book.ts'
import type { Region } from '../usage/regions.ts'
import type { DistributionCost, SharedLine, Statement } from '../usage/statement.ts'
import type { DayInShort } from '../usage/usage.ts'
import { type Content, type Html, html } from './html.ts'
import { layout } from './layout.ts'
import { lineChart } from './lines.ts'
import { tile, tiles } from './tile.ts'
import { bytesText, countText, monthText, spanText } from './wording.ts'

const ITEM_TEXTS: Record<Item, Content> = {
  bytesOut: 'Bytes sent',
  httpRequests: html`HTTP <small>GET, HEAD</small>`,
  httpsRequests: html`HTTPS <small>GET, HEAD</small>`,
  httpOtherRequests: html`HTTP <small>other methods</small>`,
  httpsOtherRequests: html`HTTPS <small>other methods</small>`,
  shieldRequests: 'Asked of the shield',
  invalidationPaths: 'Invalidated paths',
  renders: 'Pictures made',
}

const REGION_TEXTS: Record<Region, string> = {
  'north-america': 'North America',
  europe: 'Europe',
  'africa-middle-east': 'Africa and the Middle East',
  'south-america': 'South America',
  japan: 'Japan',
  oceania: 'Oceania',
  'asia-pacific': 'Asia Pacific',
  india: 'India',
  unknown: 'Country unknown',
}

/** `GET /usage/{month}`: a statement. */
export function usagePage({ told, days }: { told: Statement; days: readonly DayInShort[] }): Html {
  const { month, lines } = told
  return layout({
    title: `Usage, ${monthText(month)}`,
    description: `What was used in ${monthText(month)}, and what it costs.`,
    styles: ['tables', 'words', 'site', 'chart'],
    charts: true,
    main: html`<div class="opening">
<div>
<p class="kind">Usage</p>
<h1>${monthText(month)}</h1>
<p class="lead"><span class="nowrap">${spanText(told)}</span>${told.isOver ? undefined : ', today so far included'}; bots,
data centres and errors are billed, too. <a href="/usage">All months</a></p>
</div>
<p class="downloads"><a href="/v1/usage/${month}">JSON</a>
<a href="/v1/usage/${month}?format=csv">CSV</a>
<a href="/v1/usage/${month}/hours?format=csv">CSV by the hour</a></p>
</div>
${figures(told)}
${whichPrices(told)}
<section aria-labelledby="days"><h2 id="days">Requests <small>by day</small></h2>
${byDay(days)}
</section>
<section aria-labelledby="lines"><h2 id="lines">Lines <small>by region</small></h2>
${lines.length === 0 ? nothing() : linesTable(told)}
</section>
<section aria-labelledby="distributions"><h2 id="distributions">Distributions <small>their shares of the lines</small></h2>
${told.distributions.length === 0 ? nothing() : distributionsTable(told)}
</section>`,
  })
}

function figures({ used, prices, toPay }: Statement): Html {
  return tiles(
    prices && tile(html`To pay <small>${prices.currency}</small>`, grouped(toPay)),
    tile('Sent', bytesText(Number(used.bytesOut))),
    tile('Requests', countText(requestsOf(used))),
    tile(html`Requests <small>with TLS</small>`, countText(used.httpsRequests + used.httpsOtherRequests)),
    tile(html`Requests <small>to the shield</small>`, countText(used.shieldRequests)),
    tile('Invalidated paths', countText(used.invalidationPaths)),
    tile('Pictures made', countText(used.renders)),
    tile(html`Received <small>without a price</small>`, bytesText(Number(used.bytesIn))),
  )
}

function whichPrices({ prices }: Statement): Html {
  if (prices === undefined) {
    return html`<p class="note">Nothing has a price in this month: the operator names a price book in
<code>analytics.prices</code>.</p>`
  }
  return html`<p class="note">Prices: ${prices.name}, in ${prices.currency}, since ${monthText(prices.from)}. Lines are exact
to a billionth; only what is to be paid is rounded.</p>`
}

function byDay(days: readonly DayInShort[]): Html {
  const requests = days.reduce((sum, day) => sum + day.requests, 0)
  if (requests === 0) return nothing()
  return lineChart({
    id: 'requests',
    title: 'Requests by day',
    inWords: `${countText(requests)} in all.`,
    days: days.map(({ day }) => day),
    lines: [{ name: 'Requests', values: days.map((day) => day.requests) }],
    scale: 'counts',
  })
}

function linesTable(told: Statement): Html {
  const { prices, lines } = told
  const byRegion = Map.groupBy(lines, ({ region }) => region)
  return html`<div class="wide" tabindex="0" role="region" aria-label="Lines of the statement"><table class="shares statement">
<thead><tr><th scope="col">What</th><th scope="col">Used</th>
${prices === undefined ? undefined : html`<th scope="col">Free</th><th scope="col">Price</th><th scope="col">${prices.currency}</th>`}</tr></thead>
${[...byRegion].map(
  ([
    region,
    those,
  ]) => html`<tbody><tr><th class="of" colspan="${prices === undefined ? 2 : 5}" scope="rowgroup">${
    region === undefined ? 'All regions together' : REGION_TEXTS[region]
  }</th></tr>
${those.map(
  (line) => html`<tr><th scope="row">${ITEM_TEXTS[line.item]}</th><td>${countText(line.quantity)}</td>
${prices === undefined ? undefined : html`<td>${some(line.free)}</td><td>${priceOf(line, told)}</td><td>${money(line.amount)}</td>`}</tr>\n`,
)}</tbody>`,
)}
</table></div>`
}

/** One price, or each tier's. */
function priceOf({ item, tiers }: SharedLine, { prices }: Statement): Content {
  if (tiers.length === 0 || prices === undefined) return html`<span class="faint">free</span>`
  const per = perText(item, unitOf(item, prices.gigabyte))
  return tiers.map(({ quantity, price }) => {
    const alone = `${shortDecimal(price)} ${per}`
    const part = item === 'bytesOut' ? bytesText(Number(quantity)) : countText(quantity)
    return tiers.length === 1 ? alone : html`<div>${part} at ${alone}</div>`
  })
}

function perText(item: Item, unit: bigint): string {
  if (item === 'bytesOut') return unit === 1_000_000_000n ? 'per GB' : 'per GiB'
  return unit === 1n ? 'each' : `per ${countText(unit)}`
}

function distributionsTable({ prices, distributions, amount }: Statement): Html {
  return html`<div class="wide" tabindex="0" role="region" aria-label="Distributions"><table class="shares statement">
<thead><tr><th scope="col">Distribution</th><th scope="col">Sent</th><th scope="col">Requests</th><th scope="col">To the shield</th>
<th scope="col">Paths</th><th scope="col">Pictures</th>
${prices === undefined ? undefined : html`<th scope="col">${prices.currency}</th>`}</tr></thead>
<tbody>${dearestFirst(distributions).map(
    (one) => html`<tr><th scope="row">${nameOf(one)}</th><td>${countText(one.used.bytesOut)}</td>
<td>${countText(requestsOf(one.used))}</td><td>${some(one.used.shieldRequests)}</td>
${GLOBAL_ITEMS.map((item) => html`<td>${some(one.used[item])}</td>`)}
${prices === undefined ? undefined : html`<td>${money(one.amount)}</td>`}</tr>\n`,
  )}</tbody>
</table></div>
${prices === undefined ? undefined : html`<p class="note">Together ${money(amount)} ${prices.currency}, which is the sum of the lines.</p>`}`
}

/** Of equal ones whoever sent most. */
function dearestFirst(distributions: readonly DistributionCost[]): DistributionCost[] {
  const falling = (one: bigint, other: bigint) => (one === other ? 0 : one < other ? 1 : -1)
  return distributions.toSorted(
    (a, b) => falling(a.amount, b.amount) || falling(a.used.bytesOut, b.used.bytesOut),
  )
}

function nameOf({ distribution }: DistributionCost): Content {
  if (distribution === '') return html`<span class="faint">a name that none has</span>`
  return html`<a href="/distributions/${distribution}">${distribution}</a>`
}

function requestsOf(used: Used): bigint {
  return used.httpRequests + used.httpsRequests + used.httpOtherRequests + used.httpsOtherRequests
}

function some(quantity: bigint): Content {
  return quantity === 0n ? html`<span class="faint">–</span>` : countText(quantity)
}

/** As exact as it is. */
function money(nanos: Nanos): string {
  return grouped(exactText(nanos))
}

/** An amount with its thousands apart. */
function grouped(amount: string): string {
  const [whole = '', fraction] = amount.split('.')
  const thousands = countText(BigInt(whole))
  return fraction === undefined ? thousands : `${thousands}.${fraction}`
}

/** Without zeros at its end, but with two decimals. */
function shortDecimal(nanos: Nanos): string {
  return exactText(nanos).replace(/(\.\d\d\d*?)0+$/, '$1')
}

function nothing(): Html {
  return html`<p class="nothing">Nothing was used. Records arrive a few seconds after a visit.</p>`
}

/** One month of the list. */
export interface ListedMonth {
  month: Month
  requests: number
  bytesOut: number
  statement: Statement
}

/** `GET /usage` */
export function usageMonthsPage(months: readonly ListedMonth[]): Html {
  return layout({
    title: 'Usage',
    description: 'What was used in each month, and what it costs.',
    styles: ['tables', 'words'],
    main: html`<div class="opening"><div>
<h1>Usage</h1>
<p class="lead">What is billed in each month of UTC. It is kept for ever. <a href="/distributions">Distributions</a></p>
</div></div>
${months.length === 0 ? nothing() : monthsTable(months)}`,
  })
}

function monthsTable(months: readonly ListedMonth[]): Html {
  return html`<div class="wide" tabindex="0" role="region" aria-label="Months"><table class="shares listing">
<thead><tr><th scope="col">Month</th><th scope="col">Requests</th><th scope="col">Sent</th><th scope="col">To pay</th></tr></thead>
<tbody>${months.map(
    ({
      month,
      requests,
      bytesOut,
      statement,
    }) => html`<tr><th scope="row"><a href="/usage/${month}">${monthText(month)}</a></th>
<td>${countText(requests)}</td><td>${bytesText(bytesOut)}</td><td>${toPay(statement)}</td></tr>\n`,
  )}</tbody>
</table></div>`
}

function toPay({ prices, toPay: sum }: Statement): Content {
  if (prices === undefined) return html`<span class="faint">no price</span>`
  return `${grouped(sum)} ${prices.currency}`
}

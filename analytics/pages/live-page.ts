import { type Html, html } from './html.ts'
import { layout } from './layout.ts'
import { tile, tiles } from './tile.ts'
import { siteText } from './wording.ts'

/**
 * `GET /live`: what is asked for right now. The one page that is nothing without JavaScript: `assets/live.js` follows
 * `/v1/live` and fills in what stands here.
 *
 * @param site whose traffic; all together when left out
 */
export function livePage(site: string | undefined): Html {
  const of =
    site === undefined
      ? html`of all sites`
      : html`of <a href="/sites/${encodeURIComponent(site)}">${siteText(site)}</a>`
  return layout({
    title: site === undefined ? 'Live traffic' : `${site}: live traffic`,
    description: 'What is asked for right now.',
    at: '/live',
    styles: ['tables', 'site', 'live'],
    script: 'live',
    main: html`<div class="opening">
<div>
<h1>Live traffic</h1>
<p class="lead">What is asked for right now, ${of}; bots and errors count. It is here some seconds after the request.</p>
</div>
</div>
<noscript><p class="nothing">This page alone needs JavaScript: it follows traffic as it comes. Without it,
<a href="/?window=1d">Top sites</a> has today so far, and programs read <code>/v1/live</code>.</p></noscript>
<div class="live" data-source="/v1/live${site === undefined ? '' : `?site=${encodeURIComponent(site)}`}" hidden>
<div class="live-state"><p role="status"></p><button type="button">Pause</button></div>
${tiles(
  rate('Requests', 'requests', 'a second'),
  rate('Page views', 'pageViews', 'a second'),
  rate('Sent', 'bytes', 'a second'),
  tile(html`Requests <small>since you came</small>`, html`<span data-figure="total">–</span>`),
)}
<figure class="pulse">
<figcaption>Requests a second <small>in the last two minutes; <span data-figure="top">0</span> at the top</small></figcaption>
<svg viewBox="0 0 400 100" preserveAspectRatio="none" aria-hidden="true"><path class="floor" d="M0 100H400"/><g></g></svg>
</figure>
${site === undefined ? busiest() : undefined}
</div>`,
  })
}

function rate(name: string, figure: string, per: string): Html {
  return tile(html`${name} <small>${per}</small>`, html`<span data-figure="${figure}">–</span>`)
}

function busiest(): Html {
  return html`<section aria-labelledby="busiest"><h2 id="busiest">Busiest sites <small>in the last minute</small></h2>
<p class="nothing">Nobody has asked for anything.</p>
<table class="shares" hidden>
<thead><tr><th scope="col">Site</th><th scope="col">Requests</th><th scope="col">Page views</th><th scope="col">Sent</th></tr></thead>
<tbody></tbody>
</table></section>`
}

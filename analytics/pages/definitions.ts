import { type Html, html } from './html.ts'

/** What the words on the pages mean: the same definitions that stand beside the SQL. */
export function definitions(): Html {
  return html`<section class="definitions" aria-labelledby="definitions">
<h2 id="definitions">What the figures mean</h2>
<dl>
<div><dt>Page view</dt><dd>A document that a person opened. Bots, prefetches, pictures, scripts and failed
requests are none.</dd></div>
<div><dt>Reach</dt><dd>Distinct visitors with a page view on a day. A visitor is known for one day only:
somebody who comes back tomorrow is a new one.</dd></div>
<div><dt>Rank</dt><dd>By the geometric mean of reach and page views, averaged over the days of the window
without the best and the worst. A visitor’s repeated views of one page count once a day there, and the visitors of
one network only up to a share. Equal scores share a rank. A site needs
visitors from several networks; visits from this very machine, as in the demo, count in full and are enough. All of it
is within this CDN’s traffic.</dd></div>
<div><dt>Requests</dt><dd>Everything that was answered, bots and errors too.</dd></div>
</dl>
</section>`
}

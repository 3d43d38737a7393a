import type { Formula } from '../ranking/formula.ts'
import { type Content, type Html, html } from './html.ts'
import { layout } from './layout.ts'
import { countText } from './wording.ts'

/** A word on the pages and what it means. */
interface Definition {
  id: string
  word: string
  meaning: Content
}

const COUNTED: readonly Definition[] = [
  {
    id: 'page-view',
    word: 'Page view',
    meaning: `A document that a person opened. Bots, prefetches, pictures, scripts and failed requests are none.`,
  },
  {
    id: 'visitor',
    word: 'Visitor',
    meaning: `Somebody with a page view on a day (UTC). A visitor is known for one day only: who comes back tomorrow
is a new one, and no address is kept. Visitors of several days are the sum of each day’s.`,
  },
  {
    id: 'requests',
    word: 'Requests, sent',
    meaning: 'Everything that was answered, bots and errors too, and the bytes of it, heads included.',
  },
]

const RANKED: readonly Definition[] = [
  {
    id: 'within',
    word: 'Within this CDN’s traffic',
    meaning: `Only sites that this CDN serves are counted, and only what it served of them. The ranks say nothing of
the rest of the web.`,
  },
  {
    id: 'window',
    word: 'Window',
    meaning: `The days that a ranking is of: 1, or whole weeks, which weekends can’t tilt; 28 days stand for the month,
91 for the quarter. Where a window ends with today, today counts up to some seconds ago, or minutes where much is going on.`,
  },
  {
    id: 'reach',
    word: 'Reach',
    meaning: `Visitors a day, mean over the window. The visitors of one network count only up to a share of all
others’.`,
  },
  {
    id: 'ranked-page-views',
    word: 'Page views a day',
    meaning: `In a ranking: a visitor’s repeated views of one page count once a day. In the traffic of a site every view
counts.`,
  },
  {
    id: 'rank',
    word: 'Rank',
    meaning: `By the geometric mean of reach and page views of each day, averaged over the days of the window without the
best and the worst seventh: a burst is worth nothing. Equal scores share a rank.`,
  },
  {
    id: 'in-first',
    word: '“in first 50”',
    meaning: `Chance alone could have moved the rank: the site is only known to be among the first so many.`,
  },
  {
    id: 'change',
    word: '▲ ▼',
    meaning: `Places gained or lost since the same window before this one; “new” had no rank then.`,
  },
  {
    id: 'stable-list',
    word: 'Stable list',
    meaning: `The rankings of 30 single days added up by 1/rank (Dowdall). It has an id made of its configuration, and can
be made again byte for byte.`,
  },
  {
    id: 'overlap',
    word: 'Overlap',
    meaning: `Rank-biased overlap (p = 0.99) of the first 1,000 of two lists: 100% is the same order; the first hundred
have most of the weight.`,
  },
]

/** `GET /definitions` */
export function definitionsPage(formula: Formula): Html {
  return layout({
    title: 'What the figures mean',
    description: 'What reach, page view and rank mean here, and by which settings sites are ranked.',
    styles: ['words', 'tables'],
    main: html`<div class="opening"><div>
<h1>What the figures mean</h1>
<p class="lead">The same definitions that stand beside the SQL. Days are days of UTC.</p>
</div></div>
<section aria-labelledby="counted"><h2 id="counted">What is counted</h2>${list(COUNTED)}</section>
<section aria-labelledby="ranked"><h2 id="ranked">How sites are ranked</h2>${list(RANKED)}</section>
<section aria-labelledby="settings"><h2 id="settings">Settings in force</h2>
${settings(formula)}
</section>`,
  })
}

function list(definitions: readonly Definition[]): Html {
  return html`<dl class="definitions">${definitions.map(
    ({ id, word, meaning }) => html`<div id="${id}"><dt>${word}</dt><dd>${meaning}</dd></div>\n`,
  )}</dl>`
}

function settings({ parameters }: Formula): Html {
  const number = (name: string) => Number(parameters[name])
  const uncapped = [parameters.uncapped ?? []].flat()
  return html`<table class="shares settings">
<thead><tr><th scope="col">What counts</th><th scope="col">How far</th></tr></thead>
<tbody>
${setting('Networks that a site’s visitors come from, for a rank', `${countText(number('networksMin'))} or more`)}
${setting('Visitors from one /24 or /48', cap(number('networkPermille'), number('networkFloor')))}
${setting('Visitors from one autonomous system', cap(number('asnPermille'), number('asnFloor')))}
${setting('Pages of one visitor in a day', `up to ${countText(number('pagesPerVisitorMax'))}`)}
${setting('Networks that count in full, and suffice alone', uncapped.length === 0 ? 'none' : html`<code>${uncapped.join(', ')}</code>`)}
</tbody>
</table>
<p class="note">A demo on one machine has all its visitors from loopback (<code>127.0.0.0/24</code>, <code>::/48</code>): it
counts in full, and one network that does is enough for a rank.</p>`
}

function setting(name: string, value: Content): Html {
  return html`<tr><th scope="row">${name}</th><td>${value}</td></tr>\n`
}

/** The share of what all other networks bring that one counts for, and what it counts for in any case. */
function cap(permille: number, floor: number): string {
  return `up to ${countText(permille / 10)}% of all others’, or ${countText(floor)}`
}

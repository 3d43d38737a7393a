import type { RankedCountry } from '../queries/figures.ts'
import type { Day, WindowName } from '../queries/window.ts'
import { windowChoice, windowText } from './choice.ts'
import { type Html, html } from './html.ts'
import { layout } from './layout.ts'
import { counted, countryText, dayText } from './wording.ts'

/** What the page of countries shows. */
export interface Countries {
  window: WindowName
  /** Last day of the window; `undefined` when no ranking is worked out yet. */
  day: Day | undefined
  countries: readonly RankedCountry[]
}

/** `GET /countries` */
export function countriesPage({ window, day, countries }: Countries): Html {
  const until = day === undefined ? '' : ` until ${dayText(day)}`
  return layout({
    title: 'Countries',
    description: 'The countries whose people have a ranking of their own, within this CDN’s traffic.',
    at: '/countries',
    styles: ['words'],
    main: html`<div class="opening">
<div>
<h1>Countries</h1>
<p class="lead">Where people are whose visits rank sites, within this CDN’s traffic: the
${windowText(window)}${until}.</p>
</div>
<div class="choices">${windowChoice(window, (name) => `/countries?window=${name}`)}</div>
</div>
${countries.length === 0 ? nothing() : list(countries, window)}`,
  })
}

function list(countries: readonly RankedCountry[], window: WindowName): Html {
  const byName = countries.toSorted((one, other) =>
    countryText(one.country).localeCompare(countryText(other.country), 'en'),
  )
  return html`<ol class="index">${byName.map(
    ({
      country,
      sites,
    }) => html`<li><a href="/countries/${country}?window=${window}">${countryText(country)}</a>
<small>${counted(sites, 'site')}</small></li>\n`,
  )}</ol>`
}

function nothing(): Html {
  return html`<p class="nothing">No country has a ranking in this window yet. Rankings by country are worked out when
a day is over; today’s stand at <a href="/">Top sites</a>.</p>`
}

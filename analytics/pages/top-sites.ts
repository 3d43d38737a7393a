import { DAY_MS, type Day, dayOf } from '../queries/window.ts'
import { choice, type Option, places, windowChoice } from './choice.ts'
import { type Html, html } from './html.ts'
import { layout } from './layout.ts'
import { addressOf, type Ranking } from './ranking.ts'
import { rankingTable } from './ranking-table.ts'
import { countryText, dayText, spanText } from './wording.ts'

/** Countries that are offered; the page of countries has all. */
const COUNTRIES_OFFERED = 9

/** `GET /` and `GET /countries/{cc}` */
export function topSitesPage(ranking: Ranking): Html {
  const { asked, window, rows, soFar } = ranking
  const { country } = asked
  const title = country === undefined ? 'Top sites' : countryText(country)
  const who = country === undefined ? 'What people opened most' : 'What people in this country opened most'
  return layout({
    title: country === undefined ? title : `Top sites in ${title}`,
    description: `${who}, within this CDN’s traffic, ${spanText(window)}.`,
    at: country === undefined ? '/' : '/countries',
    styles: ['tables', 'ranking'],
    main: html`<div class="opening">
<div>
<h1>${title}</h1>
<p class="lead">${who} within this CDN’s traffic, <span class="nowrap">${spanText(window)}</span>${
      soFar ? ', today so far included' : undefined
    }.</p>
</div>
<div class="choices">
${windowChoice(window.window, (name) => addressOf({ ...asked, window: name }))}
${dayChoice(ranking)}
</div>
</div>
${placeChoice(ranking)}
${rows.length === 0 ? nothing(ranking) : rankingTable(ranking)}`,
  })
}

/** The day before, and where that is earlier than today, the way back. */
function dayChoice({ asked, lastDay }: Ranking): Html | undefined {
  if (lastDay === undefined) return undefined
  const { day } = asked
  const to = (other: Day | undefined) => addressOf({ ...asked, day: other })
  const earlier = day === undefined ? lastDay : dayAfter(day, -1)
  const links: Option[] = [{ text: `← ${dayText(earlier)}`, href: to(earlier), chosen: false }]
  if (day !== undefined) {
    links.push({ text: dayText(day), href: to(day), chosen: true })
    if (day < lastDay)
      links.push({ text: `${dayText(dayAfter(day, 1))} →`, href: to(dayAfter(day, 1)), chosen: false })
  }
  links.push({ text: 'Now', href: to(undefined), chosen: day === undefined })
  return choice('Last day of the window', links)
}

function dayAfter(day: Day, days: number): Day {
  return dayOf(Date.parse(day) + days * DAY_MS)
}

function placeChoice({ asked, countries }: Ranking): Html | undefined {
  if (countries.length === 0 && asked.country === undefined) return undefined
  const offered = countries.slice(0, COUNTRIES_OFFERED).map(({ country }) => country)
  if (asked.country !== undefined && !offered.includes(asked.country)) offered.push(asked.country)
  const byName = offered.toSorted((one, other) => countryText(one).localeCompare(countryText(other), 'en'))
  const link = (text: string, country: string | undefined) => ({
    text,
    href: addressOf({ ...asked, country }),
    chosen: asked.country === country,
  })
  return places('Country', [
    link('Everywhere', undefined),
    ...byName.map((country) => link(countryText(country), country)),
    { text: 'All countries', href: '/countries', chosen: false },
  ])
}

function nothing({ asked, lastDay }: Ranking): Html {
  if (asked.day !== undefined) {
    return html`<p class="nothing">There is no ranking of the days until ${dayText(asked.day)}. It is worked out when
the day is over, from what the log has of it; ${
      lastDay === undefined
        ? 'none is worked out yet.'
        : html`the last one is <a href="${addressOf({ ...asked, day: lastDay })}">until ${dayText(lastDay)}</a>.`
    }</p>`
  }
  if (asked.country !== undefined) {
    return html`<p class="nothing">No site has a rank by people there in this window. A longer window may have one;
<a href="/countries">the countries that have</a> are listed.</p>`
  }
  return html`<p class="nothing">Nobody has opened a page in this window yet. Visit one of the sites; a few
seconds later it stands here.</p>`
}

import type { Span } from '../queries/window.ts'
import type { ReportedDistribution } from '../reports/reports.ts'
import { choice } from './choice.ts'
import { type Html, html } from './html.ts'
import { layout } from './layout.ts'
import { bytesText, countText, instantText, spanText } from './wording.ts'

/** Lengths of a report, days. */
export const REPORT_LENGTHS = ['1', '7', '28', '91'] as const

/** `GET /distributions` */
export function distributionsPage(page: {
  days: number
  span: Span
  distributions: readonly ReportedDistribution[]
}): Html {
  return layout({
    title: 'Distributions',
    at: '/distributions',
    description: 'What each distribution answered.',
    styles: ['tables', 'words'],
    main: html`<div class="opening">
<div>
<h1>Distributions</h1>
<p class="lead">What each answered, bots and errors included, <span class="nowrap">${spanText(page.span)}</span>, today so far
included. <a href="/usage">Usage and its price</a></p>
</div>
${lengthChoice('/distributions', page.days)}
</div>
${page.distributions.length === 0 ? html`<p class="nothing">None is fronted, and the log of these days is empty.</p>` : table(page.distributions)}`,
  })
}

/** The lengths that a report can have. @param path of the report */
export function lengthChoice(path: string, chosen: number): Html {
  return choice(
    'Days of the report',
    REPORT_LENGTHS.map((days) => ({
      text: days === '1' ? 'Today' : `${days} days`,
      href: `${path}?days=${days}`,
      chosen: Number(days) === chosen,
    })),
  )
}

function table(distributions: readonly ReportedDistribution[]): Html {
  return html`<div class="wide" tabindex="0" role="region" aria-label="Distributions"><table class="shares listing">
<thead><tr><th scope="col">Distribution</th><th scope="col">Requests</th><th scope="col">Sent</th>
<th scope="col">Last asked</th></tr></thead>
<tbody>${distributions.map(
    ({
      id,
      requests,
      bytes,
      lastHour,
    }) => html`<tr><th scope="row"><a href="/distributions/${id}">${id}</a></th>
<td>${countText(requests)}</td><td>${bytesText(bytes)}</td>
<td>${lastHour === null ? html`<span class="faint">not in these days</span>` : instantText(lastHour)}</td></tr>\n`,
  )}</tbody>
</table></div>`
}

import { type Html, html } from './html.ts'
import { layout } from './layout.ts'

/** `GET /search`, where what was typed isn't the name of one site. */
export function searchPage(sought: string, sites: readonly string[], among: number): Html {
  return layout({
    title: sought === '' ? 'Find a site' : `${sought}: sites`,
    description: 'Sites by a part of their name.',
    styles: ['words'],
    sought,
    main: html`<div class="opening"><div>
<h1>Find a site</h1>
<p class="lead">${leadText(sought, sites.length, among)}</p>
</div></div>
${
  sites.length === 0
    ? undefined
    : html`<ul class="index">${sites.map(
        (site) => html`<li><a href="/sites/${encodeURIComponent(site)}">${site}</a></li>\n`,
      )}</ul>`
}`,
  })
}

function leadText(sought: string, found: number, among: number): Html {
  if (sought === '') return html`Give a part of its name in the field above.`
  if (found > 0) return html`With “${sought}” in their name, best rank first.`
  if (among === 0) return html`No site has a rank yet. Visit one; a few seconds later it is found.`
  return html`None of the sites that have a rank in 28 days has “${sought}” in its name. One without a rank is found by
its whole name.`
}

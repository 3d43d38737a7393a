import type { LookedAt } from '../front-page/front-pages.ts'
import { type Content, type Html, html } from './html.ts'
import { instantText } from './wording.ts'

/** What a site says of itself. Its text may be in any direction, and stays within its element (`<bdi>`). */

/** Title and description, for the top of its page. */
export function introduction(about: LookedAt | undefined): Html | undefined {
  if (about === undefined) return undefined
  const { description } = about
  const title = about.title || about.siteName
  return html`${title === '' ? undefined : html`<p class="said-title"><bdi>${title}</bdi></p>\n`}${
    description === '' ? undefined : html`<p class="said"><bdi>${description}</bdi></p>`
  }`
}

/** Whom to turn to, and where that was read; nothing where the site doesn't say. */
export function contact(about: LookedAt | undefined): Html | undefined {
  if (about === undefined) return undefined
  const rows = [
    row('Owner', about.owner),
    row(
      'E-mail',
      about.email,
      html`<a href="mailto:${about.email}">${about.email}</a>
${about.emailFrom === 'security.txt' ? html`<small>for security problems</small>` : undefined}`,
    ),
    row('Telephone', about.phone),
    row(
      'Web',
      about.contactUrl,
      html`<a href="${about.contactUrl}" rel="nofollow noreferrer">${about.contactUrl.replace(/^https?:\/\//, '')}</a>`,
    ),
    row('Address', addressOf(about)),
  ].filter((one) => one !== undefined)
  if (rows.length === 0) return undefined
  return html`<section aria-labelledby="contact">
<h2 id="contact">Contact <small>as the site’s own page says, ${instantText(about.lookedAt)}</small></h2>
<dl class="contact">${rows}</dl>
</section>`
}

function row(name: string, text: string, shown?: Content): Html | undefined {
  if (text === '') return undefined
  return html`<div><dt>${name}</dt><dd><bdi>${shown ?? text}</bdi></dd></div>\n`
}

function addressOf({ street, city, region, postalCode, country }: LookedAt): string {
  const town = [postalCode, city].filter((part) => part !== '').join(' ')
  return [street, town, region, country].filter((part) => part !== '').join(', ')
}

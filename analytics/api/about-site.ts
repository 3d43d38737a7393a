import { z } from 'zod'
import type { LookedAt } from '../front-page/front-pages.ts'

const said = z.string().nullable()

/** What a site's own page says of it, in the API's answers. Whatever it doesn't say is `null`. */
export const aboutSite = z
  .object({
    lookedAt: z.iso.datetime().describe('When the page was read; once a day at most.'),
    url: z
      .string()
      .describe('The page: the front page of its busiest host, redirects within the site followed.'),
    title: said,
    description: said,
    name: said.describe('The site’s name, by `og:site_name` or `application-name`.'),
    language: said.describe('As in `<html lang>`.'),
    contact: z
      .object({
        owner: said.describe('The organization (schema.org), or the page’s author.'),
        email: said,
        emailFrom: z
          .enum(['organization', 'author', 'page', 'security.txt'])
          .nullable()
          .describe('Where the address stands; in `security.txt` it is for reports of security problems.'),
        phone: said,
        url: said,
        address: z.object({
          street: said,
          city: said,
          region: said,
          postalCode: said,
          country: said,
        }),
      })
      .describe('Whom to turn to.'),
  })
  .meta({
    id: 'AboutSite',
    description: 'What the site’s own front page says, as plain text. Nobody has checked it.',
  })

/** Puts what was read into the API's words. */
export function aboutOf(page: LookedAt): z.infer<typeof aboutSite> {
  const { lookedAt, url } = page
  return {
    lookedAt,
    url,
    title: orNull(page.title),
    description: orNull(page.description),
    name: orNull(page.siteName),
    language: orNull(page.language),
    contact: {
      owner: orNull(page.owner),
      email: orNull(page.email),
      emailFrom: page.emailFrom === '' ? null : page.emailFrom,
      phone: orNull(page.phone),
      url: orNull(page.contactUrl),
      address: {
        street: orNull(page.street),
        city: orNull(page.city),
        region: orNull(page.region),
        postalCode: orNull(page.postalCode),
        country: orNull(page.country),
      },
    },
  }
}

function orNull(text: string): string | null {
  return text === '' ? null : text
}

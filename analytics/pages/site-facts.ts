import type { FrontPages } from '../front-page/front-pages.ts'
import type { Figures } from '../queries/figures.ts'
import { DAY_MS, spanEnding } from '../queries/window.ts'
import type { SitePage } from './site-page.ts'

/** Days in a site's history. */
const HISTORY_DAYS = 91

/** Of a site: its pages, and domains that people came from. */
const PAGES_SHOWN = 12
const REFERRERS_SHOWN = 8

/** All that a site's page shows, or `undefined` when nobody has asked for the site. */
export async function siteFacts(
  figures: Figures,
  frontPages: FrontPages,
  site: string,
): Promise<SitePage | undefined> {
  // Who makes names up is told so for one question.
  if (!(await figures.knows(site))) return undefined
  const span = figures.window('7d')
  const hostsSpan = figures.window('28d')
  const historySpan = spanEnding(Date.parse(figures.today()) - DAY_MS, HISTORY_DAYS)
  const [found, about, details, ranks, contributing, links] = await Promise.all([
    figures.site(site),
    frontPages.of(site, () => figures.mainHost(site)),
    figures.details(site, span, { pages: PAGES_SHOWN, referrers: REFERRERS_SHOWN }),
    figures.siteRanks(site, '7d', HISTORY_DAYS),
    figures.contributingHosts(site, hostsSpan),
    figures.linkingSites(site),
  ])
  return (
    found && {
      figures: found,
      about,
      history: { span: historySpan, ranks: ranks.history },
      inCountry: ranks.inCountry,
      hosts: { span: hostsSpan, contributing },
      links,
      details: { span, ...details },
    }
  )
}

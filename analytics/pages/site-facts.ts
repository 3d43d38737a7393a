import type { FrontPages } from '../front-page/front-pages.ts'
import type { Figures } from '../queries/figures.ts'
import { DAY_MS, spanEnding } from '../queries/window.ts'
import type { SitePage } from './site-page.ts'

/** Days in the plot of a site's traffic, and in its history. */
const PLOT_DAYS = 30
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
  const found = await figures.site(site)
  if (found === undefined) return undefined
  const hostsSpan = figures.window('28d')
  const historySpan = spanEnding(Date.parse(figures.today()) - DAY_MS, HISTORY_DAYS)
  const { countriesWindow } = found
  const details = Promise.all([
    figures.pages(site, countriesWindow, { limit: PAGES_SHOWN, offset: 0 }),
    figures.referrers(site, countriesWindow, REFERRERS_SHOWN),
    figures.devices(site, countriesWindow),
    figures.speed(site, countriesWindow),
  ])
  const said = frontPages.of(site, () => figures.mainHost(site))
  const [about, [pages, referrers, devices, speed], traffic, ranks, contributing, links, countryRanks] =
    await Promise.all([
      said,
      details,
      figures.traffic([site], PLOT_DAYS),
      figures.history(site, '7d', HISTORY_DAYS),
      figures.contributingHosts(site, hostsSpan),
      figures.linkingSites(site),
      lastCountryRanks(figures, site),
    ])
  return {
    figures: found,
    about,
    traffic: traffic.get(site) ?? [],
    history: { span: historySpan, ranks },
    countryRanks,
    hosts: { span: hostsSpan, contributing },
    links,
    details: { span: countriesWindow, pages, referrers, devices, speed },
  }
}

async function lastCountryRanks(figures: Figures, site: string) {
  const day = await figures.lastRankedDay()
  return day === undefined ? [] : await figures.countryRanks(site, '7d', day)
}

import type { Catalogue } from '../catalogue.ts'
import { type Call, required, responseGroups, wholeNumber } from '../request.ts'
import type { Elements } from '../xml.ts'

/** `Action=SitesLinkingIn`: fronted sites from which people came, best ranked first. @throws AlexaFailure @throws QueryFailed */
export async function sitesLinkingIn(call: Call, catalogue: Catalogue): Promise<Elements> {
  responseGroups(call, { SitesLinkingIn: ['SitesLinkingIn'] })
  const site = await catalogue.siteAt(required(call, 'Url'))
  const start = wholeNumber(call, 'Start', { least: 0, most: 1_000, unless: 0 })
  const count = wholeNumber(call, 'Count', { least: 1, most: 20, unless: 20 })
  const links = await catalogue.linking(site)
  const ranks = await catalogue.ranks(links.map((link) => link.site))
  const rank = (of: string) => ranks.get(of) ?? Number.POSITIVE_INFINITY
  const listed = links
    .toSorted((a, b) => rank(a.site) - rank(b.site) || b.visits - a.visits)
    .slice(start, start + count)
    .map((link) => ({ Title: link.site, Url: addressOf(link.page) }))
  return { SitesLinkingIn: listed.length === 0 ? '' : { Site: listed } }
}

/** A page as `host:port/path`. */
function addressOf(page: string): string {
  const url = URL.parse(page)
  if (url === null) return ''
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  return `${url.hostname}:${port}${url.pathname}`
}

import type { LookedAt } from '../../front-page/front-pages.ts'
import type { Usage, UsageThenAndNow } from '../../queries/alexa.ts'
import type { WindowName } from '../../queries/window.ts'
import { type Catalogue, RANK_WINDOW } from '../catalogue.ts'
import { grouped, percent, rankDelta, rateDelta } from '../numbers.ts'
import { type Call, required, responseGroups } from '../request.ts'
import type { Elements } from '../xml.ts'

/** What each group means, some of them several. What we don't know stays an empty element. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  RelatedLinks: ['RelatedLinks'],
  Categories: ['Categories'],
  Rank: ['Rank'],
  RankByCountry: ['RankByCountry'],
  RankByCity: ['RankByCity'],
  UsageStats: ['UsageStats'],
  ContactInfo: ['ContactInfo'],
  AdultContent: ['AdultContent'],
  Speed: ['Speed'],
  Language: ['Language'],
  Keywords: ['Keywords'],
  OwnedDomains: ['OwnedDomains'],
  LinksInCount: ['LinksInCount'],
  SiteData: ['SiteData'],
  Related: ['RelatedLinks', 'Categories'],
  TrafficData: ['Rank', 'UsageStats'],
  ContentData: ['SiteData', 'AdultContent', 'Speed', 'Language'],
}

/** Sites in RelatedLinks, and categories of a site. */
const RELATED_MAX = 11
const CATEGORIES_MAX = 3

const KEYWORDS_MAX = 20

type Wanted = ReadonlySet<string>

/** `Action=UrlInfo`: all that is known of a site. @throws AlexaFailure @throws QueryFailed */
export async function urlInfo(call: Call, catalogue: Catalogue): Promise<Elements> {
  const site = await catalogue.siteAt(required(call, 'Url'))
  const wanted = responseGroups(call, GROUPS)
  const has = (...groups: string[]) => groups.some((group) => wanted.has(group))
  const url = { DataUrl: { '@type': 'canonical', '#text': site } }
  return {
    ...(has('ContactInfo') && { ContactInfo: { ...url, ...contactInfo(await catalogue.frontPage(site)) } }),
    ...(has('SiteData', 'Speed', 'AdultContent', 'Language', 'LinksInCount', 'Keywords', 'OwnedDomains') && {
      ContentData: { ...url, ...(await contentData(site, wanted, catalogue)) },
    }),
    ...(has('RelatedLinks', 'Categories') && {
      Related: { ...url, ...(await related(site, wanted, catalogue)) },
    }),
    ...(has('Rank', 'RankByCountry', 'RankByCity', 'UsageStats') && {
      TrafficData: { ...url, ...(await trafficData(site, wanted, catalogue)) },
    }),
  }
}

/** In the site's own words. */
function contactInfo(page: LookedAt | undefined): Elements {
  return {
    PhoneNumbers: { PhoneNumber: page?.phone },
    OwnerName: page?.owner,
    Email: page?.email,
    PhysicalAddress: {
      Streets: { Street: page?.street },
      City: page?.city,
      State: page?.region,
      PostalCode: page?.postalCode,
      Country: page?.country,
    },
    CompanyStockTicker: '',
  }
}

/** Groups that a site's front page answers. */
const SAID_BY_PAGE = ['SiteData', 'Language', 'Keywords']

async function contentData(site: string, wanted: Wanted, catalogue: Catalogue): Promise<Elements> {
  const seen = wanted.has('SiteData') ? await catalogue.seen(site) : undefined
  const isPageWanted = SAID_BY_PAGE.some((group) => wanted.has(group))
  const page = isPageWanted ? await catalogue.frontPage(site) : undefined
  const links = wanted.has('LinksInCount') ? (await catalogue.linking(site)).length : 0
  return {
    ...(wanted.has('SiteData') && {
      SiteData: {
        Title: page?.title,
        Description: page?.description,
        OnlineSince: seen === undefined ? '' : dayInWords(seen.firstSeen),
      },
    }),
    ...(wanted.has('Speed') && { Speed: '' }),
    ...(wanted.has('AdultContent') && { AdultContent: '' }),
    ...(wanted.has('Language') && { Language: languageOf(page) }),
    ...(wanted.has('LinksInCount') && { LinksInCount: links }),
    ...(wanted.has('Keywords') && { Keywords: keywordsOf(page) }),
    ...(wanted.has('OwnedDomains') && { OwnedDomains: '' }),
  }
}

function languageOf(page: LookedAt | undefined): Elements | string {
  return page === undefined ? '' : { Locale: page.language, Encoding: page.encoding }
}

function keywordsOf(page: LookedAt | undefined): Elements | string {
  const words = (page?.keywords ?? '').split(',').flatMap((word) => word.trim() || [])
  return words.length === 0 ? '' : { Keyword: words.slice(0, KEYWORDS_MAX) }
}

/** As `18-Jan-1995`. */
function dayInWords(instant: string): string {
  const [, day, month, year] = new Date(instant).toUTCString().split(' ')
  return `${day}-${month}-${year}`
}

async function related(site: string, wanted: Wanted, catalogue: Catalogue): Promise<Elements> {
  const links = wanted.has('RelatedLinks') ? (await catalogue.linking(site)).slice(0, RELATED_MAX) : []
  const categories = wanted.has('Categories') ? await categoriesOf(site, catalogue) : []
  return {
    ...(wanted.has('RelatedLinks') && {
      RelatedLinks: {
        RelatedLink: links.map((link) => ({
          DataUrl: { '@type': 'canonical', '#text': `${link.site}/` },
          NavigableUrl: `http://${link.site}/`,
          Title: link.site,
          Relevance: link.visits,
        })),
      },
    }),
    ...(wanted.has('Categories') && {
      Categories: {
        CategoryData: categories.map((name) => ({ Title: name, AbsolutePath: `Top/${name}` })),
      },
    }),
  }
}

async function categoriesOf(site: string, catalogue: Catalogue): Promise<string[]> {
  const ranked = await Promise.all(
    catalogue.categories.map(async (name) => ((await catalogue.ranks([site], name)).has(site) ? [name] : [])),
  )
  return ranked.flat().slice(0, CATEGORIES_MAX)
}

/** Windows in Alexa's order, and what it called them. */
const PERIODS: readonly [WindowName, Elements][] = [
  ['91d', { Months: 3 }],
  ['28d', { Months: 1 }],
  ['7d', { Days: 7 }],
  ['1d', { Days: 1 }],
]

async function trafficData(site: string, wanted: Wanted, catalogue: Catalogue): Promise<Elements> {
  const periods = wanted.has('UsageStats') ? PERIODS : []
  const [rank, countries, hosts, usages] = await Promise.all([
    wanted.has('Rank') ? catalogue.usage(site, RANK_WINDOW) : undefined,
    wanted.has('RankByCountry') ? catalogue.countryRanks(site) : [],
    wanted.has('UsageStats') ? catalogue.hosts(site) : [],
    Promise.all(periods.map(([window]) => catalogue.usage(site, window))),
  ])
  const statistics = usages.flatMap((usage, at) => statisticOf(usage, periods[at]?.[1] ?? {}))
  return {
    ...(wanted.has('Rank') && { Rank: rank?.now?.rank }),
    ...(wanted.has('RankByCountry') && {
      RankByCountry: {
        Country: countries.map(({ country, rank: place, viewsShare, reachShare }) => ({
          '@Code': country,
          Rank: place,
          Contribution: { PageViews: percent(viewsShare), Users: percent(reachShare) },
        })),
      },
    }),
    ...(wanted.has('RankByCity') && { RankByCity: '' }),
    ...(wanted.has('UsageStats') && {
      UsageStatistics: statistics.length === 0 ? '' : { UsageStatistic: statistics },
      ContributingSubdomains: {
        ContributingSubdomain: hosts.map(({ host, reachShare, pageViewsShare, pageViewsPerVisitor }) => ({
          DataUrl: host,
          TimeRange: { Months: 1 },
          Reach: { Percentage: percent(reachShare) },
          PageViews: { Percentage: percent(pageViewsShare), PerUser: grouped(pageViewsPerVisitor, 2) },
        })),
      },
    }),
  }
}

function statisticOf({ now, before }: UsageThenAndNow, period: Elements): Elements[] {
  if (now === undefined) return []
  const place = (of: 'rank' | 'reachRank' | 'pageViewsRank') => ({
    Value: now[of],
    Delta: rankDelta(now[of], before?.[of]),
  })
  const rate = (of: keyof Usage, digits: number) => ({
    Value: grouped(now[of], digits),
    Delta: rateDelta(now[of], before?.[of]),
  })
  return [
    {
      TimeRange: period,
      Rank: place('rank'),
      Reach: { Rank: place('reachRank'), PerMillion: rate('reachPerMillion', 2) },
      PageViews: {
        PerMillion: rate('pageViewsPerMillion', 2),
        Rank: place('pageViewsRank'),
        PerUser: rate('pageViewsPerVisitor', 2),
      },
    },
  ]
}

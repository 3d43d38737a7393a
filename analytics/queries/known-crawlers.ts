/** A crawler whose owner says in public what it calls itself and where it comes from. */
export interface KnownCrawler {
  /** Stands in its `User-Agent`; also the name by which it is told. */
  token: string
  /** Its owner's autonomous systems. */
  asns: readonly number[]
}

const APPLE = [714, 6_185]
const GOOGLE = [15_169]
const META = [32_934]
const MICROSOFT = [8_075]
const X = [13_414, 35_995]

/**
 * Who says so and comes from another network isn't the crawler. Owners publish ranges or names of hosts; what
 * can be told without asking the network is whose the address is. So it is a necessary sign: Microsoft rents
 * machines out in the same system, and what Google crawls from its cloud (396982) looks like anybody's.
 *
 * Not in it: those that crawl from clouds of others or, as Baidu, from networks of several carriers. The first
 * whose token is found counts, so that a longer one stands before one it contains.
 */
export const KNOWN_CRAWLERS: readonly KnownCrawler[] = [
  { token: 'AdsBot-Google', asns: GOOGLE },
  { token: 'Applebot', asns: APPLE },
  { token: 'archive.org_bot', asns: [7_941] },
  { token: 'bingbot', asns: MICROSOFT },
  { token: 'DuckDuckBot', asns: MICROSOFT },
  { token: 'facebookexternalhit', asns: META },
  { token: 'Googlebot', asns: GOOGLE },
  { token: 'Google-InspectionTool', asns: GOOGLE },
  { token: 'GoogleOther', asns: GOOGLE },
  { token: 'LinkedInBot', asns: [14_413] },
  { token: 'Mediapartners-Google', asns: GOOGLE },
  { token: 'meta-externalagent', asns: META },
  { token: 'SeznamBot', asns: [43_037] },
  { token: 'Twitterbot', asns: X },
  { token: 'YandexBot', asns: [13_238] },
]

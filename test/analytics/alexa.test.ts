import { createHmac } from 'node:crypto'
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { strFromU8, unzipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { doDailySteps } from '../../analytics/daily/steps.ts'
import { createUpkeep } from '../../analytics/daily/upkeep.ts'
import { formulaOf, rankingSettings } from '../../analytics/ranking/formula.ts'
import { type AccessLog, openAccessLog, viewBut, viewsBy } from './access-log.ts'
import { answerTo, runAsAmazon } from './as-amazon.ts'
import { type InfoApi, infoApiOn, NOON } from './info-api.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 })

const KEY = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'a secret of forty characters, or so, yes' }
const categories = ['News/Europe']
const formula = formulaOf(rankingSettings.parse({ networksMin: 1 }), new Map([['press', 'News/Europe']]))

const SERVED = { alexa: { keys: [KEY], open: false }, formula, categories }

let log: AccessLog
let api: InfoApi
let port: number

beforeAll(async () => {
  log = await openAccessLog()
  await log.insert([
    ...viewsBy(2, { site: 'a.example', host: 'www.a.example', time: '2026-07-23 12:00:00' }),
    viewBut({ site: 'b.example', time: '2026-07-23 12:00:00' }),
    viewBut({ site: 'a.example', host: 'www.a.example', time: '2026-07-24 12:00:00' }),
    ...viewsBy(4, { site: 'b.example', time: '2026-07-24 12:00:00', distribution: 'press' }),
    viewBut({
      site: 'b.example',
      path: '/2',
      time: '2026-07-24 12:00:00',
      referer: 'https://www.a.example/links',
    }),
    viewBut({ site: 'c.example', country: 'FR', visitor: 9, time: '2026-07-24 12:00:00' }),
  ])
  const upkeep = createUpkeep({ upkeep: log.upkeep, layout: {} })
  await doDailySteps(upkeep, { retentionDays: 36_500, formula }, NOON)
  // The client signs by the wall clock.
  api = await infoApiOn(log, { ...SERVED, now: () => Date.now() })
  port = Number(new URL(api.url).port)
})

afterAll(async () => {
  await api[Symbol.asyncDispose]()
  await log[Symbol.asyncDispose]()
})

/** A request as clients of 2008 to 2017 signed it. */
function signedV2(
  parameters: Record<string, string>,
  but: { secret?: string; host?: string; atMs?: number } = {},
) {
  const { secret = KEY.secretAccessKey, host = 'awis.amazonaws.com', atMs = Date.now() } = but
  const all = {
    ...parameters,
    AWSAccessKeyId: KEY.accessKeyId,
    SignatureMethod: 'HmacSHA256',
    SignatureVersion: '2',
    Timestamp: new Date(atMs).toISOString(),
  }
  const query = Object.entries(all)
    .map(([name, value]) => `${name}=${encodeURIComponent(value).replaceAll("'", '%27')}`)
    .sort()
    .join('&')
  const signature = createHmac('sha256', secret).update(`GET\n${host}\n/\n${query}`).digest('base64')
  return answerTo(port, `/?${query}&Signature=${encodeURIComponent(signature)}`, { Host: host })
}

/** The elements of a well-formed document, without their prefixes. */
function read(xml: string) {
  expect(XMLValidator.validate(xml)).toBe(true)
  return new XMLParser({ removeNSPrefix: true, ignoreAttributes: false, parseTagValue: false }).parse(xml)
}

describe('awis, a client from npm, told nothing but another address,', () => {
  test('has all its calls answered', async () => {
    const groups =
      'RelatedLinks,Categories,Rank,RankByCountry,UsageStats,ContactInfo,AdultContent,Speed,Language,LinksInCount,SiteData'
    const answers = await runAsAmazon(port, new URL('alexa-client.cjs', import.meta.url), [
      KEY.accessKeyId,
      KEY.secretAccessKey,
      JSON.stringify([
        { Action: 'UrlInfo', Url: 'http://www.b.example/page', ResponseGroup: groups },
        {
          Action: 'TrafficHistory',
          Url: 'b.example',
          ResponseGroup: 'History',
          Start: '20260720',
          Range: '10',
        },
        { Action: 'TopSites', ResponseGroup: 'Country', CountryCode: 'FR' },
        { Action: 'CategoryBrowse', Path: 'Top/News', ResponseGroup: 'Categories' },
        { Action: 'CategoryListings', Path: 'Top/News', ResponseGroup: 'Listings' },
        { Action: 'SitesLinkingIn', Url: 'b.example', ResponseGroup: 'SitesLinkingIn' },
        {
          Action: 'UrlInfo',
          'UrlInfo.Shared.ResponseGroup': 'Rank',
          'UrlInfo.1.Url': 'a.example',
          'UrlInfo.2.Url': 'nobody.example',
        },
        { Action: 'UrlInfo', Url: "it's.example", ResponseGroup: 'Rank' },
      ]),
    ])

    const [info, history, top, browse, listings, linking, batch, odd] = answers as Record<string, never>[]
    expect(info).toMatchObject({
      contentData: { dataUrl: 'b.example', siteData: { onlineSince: '23-Jul-2026' } },
      related: { categories: { categoryData: { absolutePath: 'Top/News/Europe' } } },
      trafficData: { dataUrl: 'b.example', rank: '1' },
    })
    expect(history).toMatchObject({
      trafficHistory: {
        range: '10',
        site: 'b.example',
        start: '2026-07-20',
        historicalData: {
          data: [
            { date: '2026-07-23', rank: '2' },
            { date: '2026-07-24', rank: '1' },
          ],
        },
      },
    })
    expect(top).toMatchObject({
      topSites: {
        country: { countryName: 'France', totalSites: '1', sites: { site: { dataUrl: 'c.example' } } },
      },
    })
    expect(browse).toMatchObject({
      categoryBrowse: { categories: { category: { path: 'Top/News/Europe' } } },
    })
    expect(listings).toMatchObject({ categoryListings: { listings: { listing: { title: 'b.example' } } } })
    expect(linking).toMatchObject({ sitesLinkingIn: '' })
    expect(batch).toMatchObject([
      { trafficData: { rank: expect.any(String) } },
      { trafficData: { rank: '' } },
    ])
    expect(odd?.error).toContain('InvalidParameterValue')
  })

  test('learns that its secret is wrong', async () => {
    const [answer] = (await runAsAmazon(port, new URL('alexa-client.cjs', import.meta.url), [
      KEY.accessKeyId,
      'another secret altogether',
      JSON.stringify([{ Action: 'UrlInfo', Url: 'b.example', ResponseGroup: 'Rank' }]),
    ])) as { error: string }[]

    expect(answer?.error).toContain('The signature is not that of this key')
  })
})

describe('requests signed in the query', () => {
  test('get the namespaces of their time, and figures with their changes', async () => {
    const { status, headers, text } = await signedV2({
      Action: 'UrlInfo',
      Url: 'b.example',
      ResponseGroup: 'UsageStats',
    })

    expect([status, headers['content-type']]).toEqual([200, 'application/xml'])
    expect(text).toContain('<aws:UrlInfoResponse xmlns:aws="http://alexa.amazonaws.com/doc/2005-10-05/">')
    expect(text).not.toContain('aws:Arguments')
    const statistics = read(text).UrlInfoResponse.Response.UrlInfoResult.Alexa.TrafficData.UsageStatistics
    expect(statistics.UsageStatistic.map((one: { TimeRange: object }) => one.TimeRange)).toEqual([
      { Months: '3' },
      { Months: '1' },
      { Days: '7' },
      { Days: '1' },
    ])
    expect(statistics.UsageStatistic.at(-1)).toMatchObject({
      Rank: { Value: '1', Delta: '-1' },
      Reach: { Rank: { Value: '1' }, PerMillion: { Value: '800,000' } },
      PageViews: { PerUser: { Value: '1.25', Delta: '+25%' } },
    })
  })

  test('of the oldest kind are answered too: over action and time alone', async () => {
    const timestamp = new Date().toISOString()
    const signature = createHmac('sha1', KEY.secretAccessKey).update(`UrlInfo${timestamp}`).digest('base64')
    const query = new URLSearchParams({
      Action: 'UrlInfo',
      Url: 'a.example',
      ResponseGroup: 'Rank',
      AWSAccessKeyId: KEY.accessKeyId,
      Timestamp: timestamp,
      Signature: signature,
    })

    const { text } = await answerTo(port, `/?${query}`, { Host: 'awis.amazonaws.com' })

    expect(read(text).UrlInfoResponse.Response.UrlInfoResult.Alexa.TrafficData.Rank).toBe('2')
  })

  test.each([
    ['a wrong secret', { Action: 'UrlInfo' }, { secret: 'a wrong one' }, 403, 'SignatureDoesNotMatch'],
    ['an old time', { Action: 'UrlInfo' }, { atMs: Date.now() - 16 * 60_000 }, 403, 'RequestExpired'],
    ['another host', { Action: 'UrlInfo' }, { host: 'rank.example' }, 200, 'RequiredParameterMissingError'],
    ['no Url', { Action: 'UrlInfo', ResponseGroup: 'Rank' }, {}, 200, 'Required Parameter Url is missing'],
    [
      'an unknown group',
      { Action: 'UrlInfo', Url: 'a.example', ResponseGroup: 'Rank,__proto__' },
      {},
      400,
      'InvalidResponseGroups',
    ],
    ['an unknown action', { Action: 'constructor', Url: 'a.example' }, {}, 400, 'InvalidAction'],
    [
      'SQL',
      { Action: 'UrlInfo', Url: "a' OR 1=1 --.example", ResponseGroup: 'Rank' },
      {},
      400,
      'Url has no host name',
    ],
    ['markup', { Action: '<script>', Url: 'a.example' }, {}, 400, '&lt;script&gt;'],
    [
      'a country of three letters',
      { Action: 'TopSites', ResponseGroup: 'Country', CountryCode: 'FRA' },
      {},
      400,
      'CountryCode',
    ],
    ['too many', { Action: 'TopSites', ResponseGroup: 'Country', Count: '1001' }, {}, 400, 'from 1 to 1000'],
    [
      'a gap in a batch',
      { Action: 'UrlInfo', 'UrlInfo.1.Url': 'a.example', 'UrlInfo.3.Url': 'a.example' },
      {},
      400,
      'numbered',
    ],
  ])('with %s are told so', async (_, parameters, but, status, said) => {
    const answer = await signedV2(parameters as unknown as Record<string, string>, but)

    expect(answer.text).toContain(said)
    expect(answer.status).toBe(status)
    read(answer.text)
  })
})

describe('without a key', () => {
  test('nothing is answered, unless that is open', async () => {
    const { status, text } = await answerTo(port, '/api?Action=UrlInfo&Url=a.example&ResponseGroup=Rank', {})
    expect([status, read(text).Response.Errors.Error.Code]).toEqual([403, 'AuthFailure'])

    // At noon of a day on which somebody came from elsewhere, in the 28 days before.
    await using open = await infoApiOn(log, { ...SERVED, alexa: { keys: [], open: true } })
    const answer = await open.get('/onca/xml?Operation=UrlInfo&Url=a.example&ResponseGroup=Rank')
    expect(read(await answer.text()).UrlInfoResponse.Response.ResponseStatus.StatusCode).toBe('Success')

    const links = await open.get('/api?Action=SitesLinkingIn&Url=b.example&ResponseGroup=SitesLinkingIn')
    expect(read(await links.text()).SitesLinkingInResponse.Response.SitesLinkingInResult.Alexa).toEqual({
      SitesLinkingIn: { Site: { Title: 'a.example', Url: 'www.a.example:443/links' } },
    })
  })

  test('rank checkers read their one number, and scripts the list', async () => {
    const data = read(await (await api.get('/data?cli=10&dat=snbamz&url=http://www.b.example/')).text())
    expect(data.ALEXA.SD).toMatchObject({ POPULARITY: { '@_TEXT': '1' }, REACH: { '@_RANK': '1' } })
    expect(read(await (await api.get('/data?url=%00%3Cx')).text()).ALEXA.SD).toBeUndefined()

    const zip = await api.get('/top-1m.csv.zip')
    const [file] = Object.entries(unzipSync(new Uint8Array(await zip.arrayBuffer())))
    expect(file?.[0]).toBe('top-1m.csv')
    expect(strFromU8(file?.[1] ?? new Uint8Array())).toBe('1,a.example\n1,b.example\n3,c.example\n')
  })

  test('the page for people stays where it was', async () => {
    expect((await api.get('/?window=7d')).headers.get('content-type')).toContain('text/html')
  })
})

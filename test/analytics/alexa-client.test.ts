import { afterAll, describe, expect, test, vi } from 'vitest'
import { KEY, openAlexa } from './alexa-world.ts'
import { runAsAmazon } from './as-amazon.ts'

vi.setConfig({ testTimeout: 60_000 })

const alexa = await openAlexa()
afterAll(() => alexa[Symbol.asyncDispose]())

describe('awis, a client from npm, told nothing but another address,', () => {
  test('has all its calls answered', async () => {
    const groups =
      'RelatedLinks,Categories,Rank,RankByCountry,UsageStats,ContactInfo,AdultContent,Speed,Language,LinksInCount,SiteData'
    const answers = await runAsAmazon(alexa.port, new URL('alexa-client.cjs', import.meta.url), [
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
        { Action: 'TopSites', ResponseGroup: 'ListCountries' },
        { Action: 'CategoryBrowse', Path: 'Top/News/', ResponseGroup: 'Categories' },
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

    const [info, history, top, countries, browse, listings, linking, batch, odd] = answers as Record<
      string,
      never
    >[]
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
    expect(linking).toMatchObject({
      sitesLinkingIn: { site: { title: 'c.example', url: 'www.c.example:8443/%3Codd%3E&page' } },
    })
    expect(countries).toMatchObject({
      topSites: {
        countries: {
          country: [
            { name: 'Germany', code: 'DE', totalSites: '2' },
            { name: 'France', code: 'FR' },
          ],
        },
      },
    })
    expect(batch).toMatchObject([
      { trafficData: { rank: expect.any(String) } },
      { trafficData: { rank: '' } },
    ])
    expect(odd?.error).toContain('InvalidParameterValue')
  })

  test('learns that its secret is wrong', async () => {
    const [answer] = (await runAsAmazon(alexa.port, new URL('alexa-client.cjs', import.meta.url), [
      KEY.accessKeyId,
      'another secret altogether',
      JSON.stringify([{ Action: 'UrlInfo', Url: 'b.example', ResponseGroup: 'Rank' }]),
    ])) as { error: string }[]

    expect(answer?.error).toContain('The signature is not that of this key')
  })
})

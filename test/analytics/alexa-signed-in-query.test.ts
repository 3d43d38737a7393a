import { createHmac } from 'node:crypto'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { KEY, openAlexa, read } from './alexa-world.ts'
import { answerTo } from './as-amazon.ts'

vi.setConfig({ testTimeout: 60_000 })

const alexa = await openAlexa()
afterAll(() => alexa[Symbol.asyncDispose]())

describe('requests signed in the query', () => {
  test('get the namespaces of their time, and figures with their changes', async () => {
    const { status, headers, text } = await alexa.signedV2({
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

  test('are answered with SHA-1 too', async () => {
    const asked = { Action: 'UrlInfo', Url: 'a.example', ResponseGroup: 'Rank' }

    expect((await alexa.signedV2(asked, { hash: 'sha1' })).status).toBe(200)
  })

  test.each(['', 'AlexaWebInfoService'])(
    'of the oldest kind are answered: over %saction and time',
    async (service) => {
      const timestamp = new Date().toISOString()
      const signature = createHmac('sha1', KEY.secretAccessKey)
        .update(`${service}UrlInfo${timestamp}`)
        .digest('base64')
      const query = new URLSearchParams({
        Action: 'UrlInfo',
        Url: 'a.example',
        ResponseGroup: 'Rank',
        AWSAccessKeyId: KEY.accessKeyId,
        Timestamp: timestamp,
        Signature: signature,
      })

      const { text } = await answerTo(alexa.port, `/?${query}`, { Host: 'awis.amazonaws.com' })

      expect(read(text).UrlInfoResponse.Response.UrlInfoResult.Alexa.TrafficData.Rank).toBe('2')
    },
  )

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
    [
      'no time, and an action that is markup',
      { Action: '<a b="', Timestamp: '' },
      {},
      200,
      'UnknownResponse',
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
    const answer = await alexa.signedV2(parameters as unknown as Record<string, string>, but)

    expect(answer.text).toContain(said)
    expect(answer.status).toBe(status)
    read(answer.text)
  })
})

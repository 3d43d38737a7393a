import { createHash, createHmac } from 'node:crypto'
import { Sha256 } from '@aws-crypto/sha256-js'
import { SignatureV4 } from '@smithy/signature-v4'
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { strFromU8, unzipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { aws, xmlOf } from '../../analytics/alexa/xml.ts'
import { accessSettings } from '../../analytics/api/access.ts'
import { newKey } from '../../analytics/api/keyring.ts'
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

const REGIONAL = 'awis.us-west-1.amazonaws.com'

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
    // What the client asks for up to now; no ranking is made of it.
    viewBut({ site: 'c.example', time: clickHouseTime(Date.now()), host: 'www.c.example' }),
    viewBut({
      site: 'b.example',
      time: clickHouseTime(Date.now()),
      referer: 'https://www.c.example:8443/<odd>&page',
    }),
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

function clickHouseTime(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 19).replace('T', ' ')
}

/** A request as clients since 2017 sign it, by the signer of AWS's own SDK. */
async function signedV4(
  parameters: Record<string, string>,
  but: { key?: typeof KEY; host?: string; signedHost?: string; atMs?: number; headers?: object } = {},
) {
  const { key = KEY, host = 'awis.us-west-1.amazonaws.com', signedHost = host, atMs = Date.now() } = but
  const signer = new SignatureV4({
    service: 'awis',
    region: 'us-west-1',
    credentials: key,
    sha256: Sha256,
    applyChecksum: false,
  })
  const request = {
    method: 'GET',
    protocol: 'https:',
    hostname: signedHost,
    path: '/api',
    query: parameters,
    headers: { ...but.headers, host: signedHost },
  }
  const { headers } = await signer.sign(request, {
    signingDate: new Date(atMs),
    signableHeaders: new Set([...Object.keys(request.headers), 'x-amz-date']),
  })
  return answerTo(port, `/api?${new URLSearchParams(parameters)}`, { ...headers, host })
}

/** A request as clients of 2008 to 2017 signed it. */
function signedV2(
  parameters: Record<string, string>,
  but: { secret?: string; host?: string; atMs?: number; hash?: string } = {},
) {
  const { secret = KEY.secretAccessKey, host = 'awis.amazonaws.com', atMs = Date.now() } = but
  const { hash = 'sha256' } = but
  const all = {
    AWSAccessKeyId: KEY.accessKeyId,
    SignatureMethod: hash === 'sha1' ? 'HmacSHA1' : 'HmacSHA256',
    SignatureVersion: '2',
    Timestamp: new Date(atMs).toISOString(),
    ...parameters,
  }
  const query = Object.entries(all)
    .map(([name, value]) => `${name}=${encodeURIComponent(value).replaceAll("'", '%27')}`)
    .sort()
    .join('&')
  const signature = createHmac(hash, secret).update(`GET\n${host}\n/\n${query}`).digest('base64')
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
    const [answer] = (await runAsAmazon(port, new URL('alexa-client.cjs', import.meta.url), [
      KEY.accessKeyId,
      'another secret altogether',
      JSON.stringify([{ Action: 'UrlInfo', Url: 'b.example', ResponseGroup: 'Rank' }]),
    ])) as { error: string }[]

    expect(answer?.error).toContain('The signature is not that of this key')
  })
})

describe('requests signed in a header', () => {
  const asked = { Action: 'UrlInfo', Url: 'http://a.example/a b?c=d&e=*', ResponseGroup: 'Rank' }

  test.each([
    ['host and time', {}],
    ['the host behind the one connected to', { host: 'awis.amazonaws.com', signedHost: REGIONAL }],
    ['our own name and port', { host: 'rank.example:8090' }],
    [
      'all that a client of Ruby signs',
      {
        headers: {
          accept: 'application/xml',
          'content-type': '',
          'user-agent': 'aws-sigv4   1.2',
          'x-amz-content-sha256': createHash('sha256').digest('hex'),
        },
      },
    ],
  ])('over %s are answered', async (_, but) => {
    const { status, text } = await signedV4(asked, but)

    expect(status).toBe(200)
    expect(text).toContain('<aws:UrlInfoResponse xmlns:aws="http://awis.amazonaws.com/doc/2005-10-05">')
    const { Request, TrafficData } = read(text).UrlInfoResponse.Response.UrlInfoResult.Alexa
    expect(TrafficData.Rank).toBe('2')
    expect(Request.Arguments.Argument).toContainEqual({ Name: 'url', Value: asked.Url })
  })

  test('may be dated by `Date` instead of `x-amz-date`', async () => {
    const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()
    const now = new Date()
    const time = now.toISOString().replace(/[-:]|\.\d+/g, '')
    const scope = [time.slice(0, 8), 'us-west-1', 'awis', 'aws4_request']
    const query = 'Action=UrlInfo&ResponseGroup=Rank&Url=a.example'
    const lines = `date:${now.toUTCString()}\nhost:${REGIONAL}\n`
    const canonical = `GET\n/api\n${query}\n${lines}\ndate;host\n${createHash('sha256').digest('hex')}`
    const digest = createHash('sha256').update(canonical).digest('hex')
    const signature = hmac(
      scope.reduce<string | Buffer>(hmac, `AWS4${KEY.secretAccessKey}`),
      `AWS4-HMAC-SHA256\n${time}\n${scope.join('/')}\n${digest}`,
    ).toString('hex')

    const { status } = await answerTo(port, `/api?${query}`, {
      Host: REGIONAL,
      Date: now.toUTCString(),
      Authorization: `AWS4-HMAC-SHA256 Credential=${KEY.accessKeyId}/${scope.join('/')}, SignedHeaders=date;host, Signature=${signature}`,
    })

    expect(status).toBe(200)
  })

  test.each([
    [
      'a wrong secret',
      { key: { ...KEY, secretAccessKey: 'another' } },
      'InvalidSignatureException',
      'of this key',
    ],
    [
      'an unknown key',
      { key: { ...KEY, accessKeyId: 'AKIDOTHER' } },
      'UnrecognizedClientException',
      'No key',
    ],
    ['an old time', { atMs: Date.now() - 16 * 60_000 }, 'UnrecognizedClientException', '15 minutes'],
    ['a time to come', { atMs: Date.now() + 16 * 60_000 }, 'UnrecognizedClientException', '15 minutes'],
    ['another host', { signedHost: 'rank.example' }, 'InvalidSignatureException', 'of this key'],
  ])('with %s are refused in the form of the time', async (_, but, type, said) => {
    const { status, headers, text } = await signedV4(asked, but)

    expect([status, headers['x-amzn-errortype']]).toEqual([403, type])
    const { Result, ResponseStatus } = read(text).Response.Response
    expect(Result.Alexa.Request.Errors.Error.ErrorCode).toContain(said)
    expect(ResponseStatus.StatusCode).toBe('Error')
  })

  test.each([
    ['no group', { Action: 'UrlInfo', Url: 'a.example' }, 'ResponseGroup is missing'],
    ['no action', { Url: 'a.example' }, 'MissingAction'],
    ['an unknown action', { Action: 'Crawl', Url: 'a.example' }, 'InvalidAction'],
    [
      'a day that is none',
      { ...asked, Action: 'TrafficHistory', ResponseGroup: 'History', Start: '20260231' },
      'Start',
    ],
    [
      'neither True nor False',
      { Action: 'CategoryListings', Path: 'Top', ResponseGroup: 'Listings', Recursive: 'no' },
      'Recursive has to be True or False',
    ],
  ])('with %s are told so', async (_, parameters, said) => {
    const { status, text } = await signedV4(parameters as unknown as Record<string, string>)

    expect([status, text]).toEqual([400, expect.stringContaining(said)])
    expect(text).toContain('<aws:StatusCode>ERROR</aws:StatusCode>')
    read(text)
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

  test('are answered with SHA-1 too', async () => {
    const asked = { Action: 'UrlInfo', Url: 'a.example', ResponseGroup: 'Rank' }

    expect((await signedV2(asked, { hash: 'sha1' })).status).toBe(200)
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

      const { text } = await answerTo(port, `/?${query}`, { Host: 'awis.amazonaws.com' })

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
    for (const query of ['', 'url=%00%3Cx', `url=${'x'.repeat(3_000)}`]) {
      const answer = await api.get(`/data?cli=10&${query}`)
      expect([answer.status, read(await answer.text()).ALEXA.SD]).toEqual([200, undefined])
    }
    const twice = read(await (await api.get('/data?url=b.example&url=a.example')).text())
    expect(twice.ALEXA.SD.POPULARITY['@_TEXT']).toBe('1')

    const zip = await api.get('/top-1m.csv.zip')
    const [file] = Object.entries(unzipSync(new Uint8Array(await zip.arrayBuffer())))
    expect(file?.[0]).toBe('top-1m.csv')
    expect(strFromU8(file?.[1] ?? new Uint8Array())).toBe('1,a.example\n1,b.example\n3,c.example\n')
  })

  test('the page for people stays where it was', async () => {
    expect((await api.get('/?window=7d')).headers.get('content-type')).toContain('text/html')
  })
})

test('what a site says of itself is written so that every parser reads it', () => {
  const title = 'a < b & "c" ]]> \u0000\u001f\ud800\ufffe \u{1f600}\n'

  const xml = xmlOf(aws({ Site: { Title: title, DataUrl: { '@type': title, '#text': title } } }))

  const kept = 'a < b & "c" ]]> \ufffd\ufffd\ufffd\ufffd \u{1f600}'
  expect(read(xml).Site).toEqual({ Title: kept, DataUrl: { '#text': kept, '@_type': kept } })
})

describe('requests of the last years', () => {
  const parameters = { Action: 'UrlInfo', Url: 'b.example', ResponseGroup: 'Rank,RankByCountry' }

  /** As AWS's own signer makes a URL that carries its signature. */
  async function presignedPath(
    but: { atMs?: number; expiresIn?: number; secret?: string; parameters?: Record<string, string> } = {},
  ) {
    const signer = new SignatureV4({
      service: 'execute-api',
      region: 'us-east-1',
      credentials: { ...KEY, secretAccessKey: but.secret ?? KEY.secretAccessKey },
      sha256: Sha256,
      applyChecksum: false,
    })
    const hostname = 'awis.api.alexa.com'
    const { query } = await signer.presign(
      {
        method: 'GET',
        protocol: 'https:',
        hostname,
        path: '/api',
        query: but.parameters ?? parameters,
        headers: { host: hostname },
      },
      { expiresIn: but.expiresIn ?? 300, signingDate: new Date(but.atMs ?? Date.now()) },
    )
    return `/api?${new URLSearchParams(query as Record<string, string>)}`
  }

  test('a presigned URL is answered until it expires', async () => {
    const now = Date.now()
    const good = await answerTo(port, await presignedPath(), {})
    const late = await answerTo(port, await presignedPath({ atMs: now - 7_200_000, expiresIn: 10_000 }), {})
    const bad = [
      await presignedPath({ atMs: now - 60_000, expiresIn: 30 }),
      await presignedPath({ atMs: now + 3_600_000 }),
      await presignedPath({ secret: 'another secret, also long enough' }),
      `${await presignedPath()}&More=1`,
      (await presignedPath()).replace('b.example', 'c.example'),
      (await presignedPath()).replace('X-Amz-SignedHeaders=host', 'X-Amz-SignedHeaders=date'),
    ]

    expect([good.status, late.status]).toEqual([200, 200])
    expect(read(good.text).UrlInfoResponse.Response.UrlInfoResult.Alexa.Request.Arguments.Argument).toEqual([
      { Name: 'url', Value: 'b.example' },
      { Name: 'responsegroup', Value: 'Rank,RankByCountry' },
    ])
    const refused = await Promise.all(bad.map((path) => answerTo(port, path, {})))
    expect(refused.map(({ status }) => status)).toEqual(bad.map(() => 403))
  })

  /** A form, signed with its body by AWS's own signer. */
  async function post(form: string, but: { sent?: string; path?: string; headers?: object } = {}) {
    const signer = new SignatureV4({
      service: 'awis',
      region: 'us-west-1',
      credentials: KEY,
      sha256: Sha256,
    })
    const headers = {
      host: REGIONAL,
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': String(Buffer.byteLength(form)),
    }
    const request = {
      method: 'POST',
      protocol: 'https:',
      hostname: REGIONAL,
      path: but.path ?? '/api',
      headers,
    }
    const signed = await signer.sign({ ...request, body: form })
    return answerTo(port, request.path, { ...signed.headers, ...but.headers }, but.sent ?? form)
  }

  test('a form is answered like a query, its body being signed', async () => {
    const form = String(new URLSearchParams(parameters))

    const answer = await post(form)
    const atRoot = await post(form, { path: '/' })
    const changed = await post(form, { sent: form.replace('b.example', 'c.example') })
    const unsigned = await post(form, {
      sent: form.replace('b.example', 'c.example'),
      headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
    })

    expect(answer.status).toBe(200)
    expect(read(answer.text).UrlInfoResponse.Response.UrlInfoResult.Alexa.TrafficData.Rank).toMatch(/^\d+$/)
    expect(atRoot.status).toBe(200)
    expect([changed.status, unsigned.status]).toEqual([403, 403])
  })

  test('a form with the older signature is signed as POST', async () => {
    const all = {
      ...parameters,
      AWSAccessKeyId: KEY.accessKeyId,
      SignatureVersion: '2',
      SignatureMethod: 'HmacSHA256',
      Timestamp: new Date().toISOString(),
    }
    const query = Object.entries(all)
      .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
      .sort()
      .join('&')
    const Signature = createHmac('sha256', KEY.secretAccessKey)
      .update(`POST\nawis.amazonaws.com\n/\n${query}`)
      .digest('base64')
    const form = String(new URLSearchParams({ ...all, Signature }))
    const type = { 'content-type': 'application/x-www-form-urlencoded' }

    const answer = await answerTo(port, '/', { ...type, host: 'awis.amazonaws.com' }, form)
    const twice = await answerTo(port, `/?Url=c.example`, { ...type, host: 'awis.amazonaws.com' }, form)
    const long = await answerTo(port, '/', type, `Action=${'x'.repeat(20_000)}`)

    expect(answer.status).toBe(200)
    expect([twice.status, long.status]).toEqual([400, 413])
  })

  test('with Output=json it is JSON, of text alone, as clients read it', async () => {
    const history = { Action: 'TrafficHistory', ResponseGroup: 'History', Url: 'b.example', Output: 'json' }
    const top = { Action: 'Topsites', ResponseGroup: 'Country', Count: '2', Output: 'json' }

    const answer = await answerTo(
      port,
      await presignedPath({ parameters: { ...history, Start: '20260720', Range: '7' } }),
      {},
    )
    const { Awis } = JSON.parse(answer.text)
    const { Ats } = JSON.parse((await answerTo(port, await presignedPath({ parameters: top }), {})).text)

    expect(answer.headers['content-type']).toContain('application/json')
    expect(Awis.Results.ResponseStatus).toEqual({ StatusCode: '200' })
    expect(Awis.Results.Result.Alexa.Request.Arguments.Argument).toContainEqual({
      Name: 'url',
      Value: 'b.example',
    })
    const [day] = Awis.Results.Result.Alexa.TrafficHistory.HistoricalData.Data
    expect(day).toEqual({
      Date: expect.stringMatching(/^2026-07-2\d$/),
      PageViews: { PerMillion: expect.any(String), PerUser: expect.any(String) },
      Rank: expect.stringMatching(/^\d+$/),
      Reach: { PerMillion: expect.any(String) },
    })
    const sites = Ats.Results.Result.Alexa.TopSites.Country.Sites.Site
    expect(sites.map(({ DataUrl }: { DataUrl: unknown }) => typeof DataUrl)).toEqual(['string', 'string'])
  })

  test('a key of our API is enough, and is answered in the form that had no prefix', async () => {
    const { key, sha256 } = newKey()
    const access = accessSettings.parse({
      anonymous: [],
      keys: [
        { name: 'reader', sha256, scopes: ['rankings:read', 'sites:read'] },
        { name: 'other', sha256: newKey().sha256, scopes: ['export'] },
      ],
    })
    await using closed = await infoApiOn(log, { ...SERVED, access })
    const path = `/api?${new URLSearchParams({ ...parameters, Action: 'urlInfo' })}`
    const closedPort = Number(new URL(closed.url).port)

    const answer = await answerTo(closedPort, path, { 'x-api-key': key })
    const wrong = await answerTo(closedPort, `${path}&Output=json`, { 'x-api-key': 'wrong' })

    expect(answer.status).toBe(200)
    expect(read(answer.text).Awis.Results.Result.Alexa.TrafficData.Rank).toMatch(/^\d+$/)
    expect(answer.text).not.toContain('aws:')
    expect(wrong.status).toBe(403)
    expect(JSON.parse(wrong.text).Awis.Results.ResponseStatus.StatusCode).toBe('AuthFailure')
  })
})

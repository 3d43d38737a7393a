import { createHash, createHmac } from 'node:crypto'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { KEY, openAlexa, REGIONAL, read } from './alexa-world.ts'
import { answerTo } from './as-amazon.ts'

vi.setConfig({ testTimeout: 60_000 })

const alexa = await openAlexa()
afterAll(() => alexa[Symbol.asyncDispose]())

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
    const { status, text } = await alexa.signedV4(asked, but)

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

    const { status } = await answerTo(alexa.port, `/api?${query}`, {
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
    const { status, headers, text } = await alexa.signedV4(asked, but)

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
    const { status, text } = await alexa.signedV4(parameters as unknown as Record<string, string>)

    expect([status, text]).toEqual([400, expect.stringContaining(said)])
    expect(text).toContain('<aws:StatusCode>ERROR</aws:StatusCode>')
    read(text)
  })
})

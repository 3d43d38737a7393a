import { createHmac } from 'node:crypto'
import { Sha256 } from '@aws-crypto/sha256-js'
import { SignatureV4 } from '@smithy/signature-v4'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { accessSettings } from '../../analytics/api/access.ts'
import { newKey } from '../../analytics/api/keyring.ts'
import { KEY, openAlexa, REGIONAL, read, SERVED } from './alexa-world.ts'
import { answerTo } from './as-amazon.ts'
import { infoApiOn } from './info-api.ts'

vi.setConfig({ testTimeout: 60_000 })

const alexa = await openAlexa()
afterAll(() => alexa[Symbol.asyncDispose]())

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
    const good = await answerTo(alexa.port, await presignedPath(), {})
    const late = await answerTo(
      alexa.port,
      await presignedPath({ atMs: now - 7_200_000, expiresIn: 10_000 }),
      {},
    )
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
    const refused = await Promise.all(bad.map((path) => answerTo(alexa.port, path, {})))
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
    return answerTo(alexa.port, request.path, { ...signed.headers, ...but.headers }, but.sent ?? form)
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

    const answer = await answerTo(alexa.port, '/', { ...type, host: 'awis.amazonaws.com' }, form)
    const twice = await answerTo(alexa.port, `/?Url=c.example`, { ...type, host: 'awis.amazonaws.com' }, form)
    const long = await answerTo(alexa.port, '/', type, `Action=${'x'.repeat(20_000)}`)

    expect(answer.status).toBe(200)
    expect([twice.status, long.status]).toEqual([400, 413])
  })

  test('with Output=json it is JSON, of text alone, as clients read it', async () => {
    const history = { Action: 'TrafficHistory', ResponseGroup: 'History', Url: 'b.example', Output: 'json' }
    const top = { Action: 'Topsites', ResponseGroup: 'Country', Count: '2', Output: 'json' }

    const answer = await answerTo(
      alexa.port,
      await presignedPath({ parameters: { ...history, Start: '20260720', Range: '7' } }),
      {},
    )
    const { Awis } = JSON.parse(answer.text)
    const { Ats } = JSON.parse(
      (await answerTo(alexa.port, await presignedPath({ parameters: top }), {})).text,
    )

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
    await using closed = await infoApiOn(alexa.log, { ...SERVED, access })
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

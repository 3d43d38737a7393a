import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, test, vi } from 'vitest'
import { firstValue } from '../../edge/cache/fields.ts'
import { bodyStream } from '../../edge/cache/message.ts'
import { openS3Origin } from '../../origin-shield/origin/s3.ts'
import { s3Origin } from '../../origin-shield/origin/schema.ts'
import { KEYS, startS3Server } from './s3-server.ts'

/** Asks a bucket for one target. */
async function fetchFrom(
  { endpoint }: { endpoint: string },
  target: string,
  { fields = [] as string[], method = 'GET', settings = {} } = {},
) {
  await using origin = openS3Origin(s3Origin.parse({ bucket: 'site', endpoint, ...KEYS, ...settings }))
  const request = { method, scheme: 'http', host: 'viewer.example', target, fields }
  const response = await origin.fetch(request, AbortSignal.timeout(8_000))
  const body = await text(bodyStream(response))
  return { status: response.status, body, field: (name: string) => firstValue(response.fields, name) }
}

/** A server that gives the same answer to whoever asks, and counts. */
async function answering(
  answer: (asked: { method: string; count: number }) => {
    status: number
    headers?: Record<string, string>
    body?: string
  },
) {
  const asked: string[] = []
  const server = createServer(({ method = '', url, headers }, response) => {
    asked.push(`${method} ${url} ${headers.range ?? ''}`.trim())
    const { status, headers: more = {}, body = '' } = answer({ method, count: asked.length })
    response.writeHead(status, { 'Content-Type': 'application/xml', ...more })
    response.end(method === 'HEAD' ? undefined : body)
  }).listen({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const xml = (code: string, more = '') =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>Its words</Message>${more}<RequestId>4442587FB7D0A2F9</RequestId></Error>`

describe('a bucket whose server checks signatures', () => {
  test.each([
    'plain.txt',
    'with space.txt',
    'a+b&c=d;e:f@g$h,i.txt',
    "quotes'(1)!*~.txt",
    'percent%41.txt',
    'ünï/çødé/日本語/🙂.txt',
    'double//slash.txt',
    '#hash?question.txt',
  ])('takes our signature for the key %s, sent in the encoding it was signed in', async (key) => {
    await using server = await startS3Server()
    await server.put(`live/${key}`, key)

    const target = `/${key.split('/').map(encodeURIComponent).join('/')}`
    const answer = await fetchFrom(server, target, { settings: { prefix: 'live' } })

    expect([answer.status, answer.body]).toEqual([200, key])
  })

  test.each([
    ['a wrong secret', { secretAccessKey: 'wrong' }, 'secretAccessKey'],
    ['an unknown key', { accessKeyId: 'AKIDNOBODY' }, 'accessKeyId'],
    ['another region', { region: 'us-east-1' }, 'eu-central-1'],
    ['no such bucket', { bucket: 'nowhere' }, 'bucket'],
  ])('%s is the operator’s to mend, for GET and for HEAD, and known at start', async (_, wrong, remedy) => {
    await using server = await startS3Server({ region: 'eu-central-1' })
    const settings = { region: 'eu-central-1', ...wrong }
    await using origin = openS3Origin(
      s3Origin.parse({ bucket: 'site', endpoint: server.endpoint, ...KEYS, ...settings }),
    )

    const failure = { name: 'UpstreamError', status: 502, remedy: expect.stringContaining(remedy) }
    await expect(fetchFrom(server, '/page.html', { settings })).rejects.toMatchObject(failure)
    await expect(fetchFrom(server, '/page.html', { settings, method: 'HEAD' })).rejects.toMatchObject(failure)
    expect(await origin.problem()).toContain(remedy)
  })

  test('an object’s own fields go on, S3’s own do not', async () => {
    await using server = await startS3Server()
    await server.put('page.html', '0123456789', {
      ContentType: 'text/html; charset=utf-8',
      CacheControl: 'max-age=5',
      ContentLanguage: 'en',
      Metadata: { 'cache-tag': 'news,front', secret: 'internal' },
    })

    const { field } = await fetchFrom(server, '/page.html')

    expect([field('content-type'), field('cache-control'), field('content-language')]).toEqual([
      'text/html; charset=utf-8',
      'max-age=5',
      'en',
    ])
    expect(field('cache-tag')).toBe('news,front')
    expect([field('x-amz-meta-secret'), field('x-amz-request-id'), field('server')]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  test('ranges and conditions are S3’s to answer, in plain words', async () => {
    await using server = await startS3Server()
    await server.put('a.txt', '0123456789')
    const etag = (await fetchFrom(server, '/a.txt')).field('etag') as string

    const last = await fetchFrom(server, '/a.txt', { fields: ['Range', 'bytes=-3'] })
    const beyond = await fetchFrom(server, '/a.txt', { fields: ['Range', 'bytes=10-'] })
    const same = await fetchFrom(server, '/a.txt', { fields: ['If-None-Match', etag] })
    const other = await fetchFrom(server, '/a.txt', { fields: ['If-Match', '"other"'] })

    expect([last.status, last.body, last.field('content-range')]).toEqual([206, '789', 'bytes 7-9/10'])
    expect([beyond.status, beyond.body]).toEqual([416, 'The object is shorter.\n'])
    expect([same.status, same.body, same.field('cache-control')]).toEqual([304, '', undefined])
    expect([other.status, other.body]).toEqual([412, 'The object is another one.\n'])
  })

  test('a folder’s address gets its slash, a missing picture costs no second request', async () => {
    await using server = await startS3Server()
    await server.put('v1.2/index.html', 'docs')
    server.asked.length = 0

    const folder = await fetchFrom(server, '/v1.2?a=?b')
    const picture = await fetchFrom(server, '/missing.png')
    const put = await fetchFrom(server, '/v1.2/', { method: 'PUT' })

    expect([folder.status, folder.field('location')]).toEqual([301, '/v1.2/?a=?b'])
    expect(picture.status).toBe(404)
    expect([put.status, put.field('allow')]).toEqual([405, 'GET, HEAD'])
    expect(server.asked).toEqual(['GET /site/v1.2', 'HEAD /site/v1.2/index.html', 'GET /site/missing.png'])
  })
})

describe('S3’s refusals, byte for byte', () => {
  test.each([
    ['404 NoSuchKey', 404, xml('NoSuchKey'), 404],
    ['403 AccessDenied', 403, xml('AccessDenied'), 404],
    ['400 KeyTooLongError', 400, xml('KeyTooLongError'), 404],
    ['404 without words', 404, '', 404],
    ['404 with a page of HTML', 404, '<html>'.repeat(10_000), 404],
  ])('%s is an object that is missing, in one line of text', async (_, status, body, expected) => {
    await using server = await answering(() => ({ status, body }))

    const answer = await fetchFrom(server, '/none.txt')

    expect([answer.status, answer.body]).toEqual([expected, 'There is no such object.\n'])
    expect(answer.field('content-type')).toBe('text/plain; charset=utf-8')
  })

  test.each([
    [301, xml('PermanentRedirect'), 'region', 'OriginError'],
    [307, xml('TemporaryRedirect'), 'region', 'OriginError'],
    [
      400,
      xml('AuthorizationHeaderMalformed', '<Region>eu-west-1</Region>'),
      'eu-west-1',
      'OriginUnauthorizedError',
    ],
    [400, xml('ExpiredToken'), 'sessionToken', 'OriginUnauthorizedError'],
    [403, xml('RequestTimeTooSkewed'), 'clock', 'OriginUnauthorizedError'],
    [403, xml('SignatureDoesNotMatch'), 'secretAccessKey', 'OriginUnauthorizedError'],
    [403, xml('InvalidObjectState'), 'archived', 'OriginError'],
    [404, xml('NoSuchBucket'), '`bucket`', 'OriginError'],
    [409, xml('OperationAborted'), 'S3’s error', 'OriginError'],
  ])('%i %s is told to the operator, with S3’s request id', async (status, body, remedy, failure) => {
    await using server = await answering(() => ({ status, body }))

    await expect(fetchFrom(server, '/page.html')).rejects.toMatchObject({
      failure,
      remedy: expect.stringContaining(remedy),
      message: expect.stringContaining('4442587FB7D0A2F9'),
      status: 502,
    })
  })

  test('a HEAD that is refused without words is asked again as a GET of one byte', async () => {
    await using server = await answering(({ method }) => ({
      status: 301,
      headers: { 'x-amz-bucket-region': 'ap-south-1' },
      body: method === 'GET' ? xml('PermanentRedirect') : '',
    }))

    const answer = fetchFrom(server, '/page.html', { method: 'HEAD' })

    await expect(answer).rejects.toMatchObject({ remedy: expect.stringContaining('ap-south-1') })
    expect(server.asked).toEqual(['HEAD /site/page.html', 'GET /site/page.html bytes=0-0'])
  })

  test('a region that is no region is not repeated to the operator', async () => {
    await using server = await answering(() => ({
      status: 400,
      body: xml('AuthorizationHeaderMalformed', '<Region>evil\n{"level":60}</Region>'),
    }))

    await expect(fetchFrom(server, '/x')).rejects.toMatchObject({
      remedy: expect.not.stringContaining('evil'),
    })
  })

  test('a bucket that stays busy is asked three times, then it is 503, and a problem at start', async () => {
    await using server = await answering(() => ({ status: 503, body: xml('SlowDown') }))
    await using origin = openS3Origin(s3Origin.parse({ bucket: 'site', ...KEYS, endpoint: server.endpoint }))

    const answer = await fetchFrom(server, '/x')

    expect([answer.status, answer.field('retry-after'), server.asked.length]).toEqual([503, '1', 3])
    expect(await origin.problem()).toContain('503 SlowDown')
  })

  test('an error body without an end is read no further than needed', async () => {
    const server = createServer((_, response) => {
      response.writeHead(404)
      const more = () => {
        while (response.writable && response.write('x'.repeat(65_536)));
      }
      response.on('drain', more)
      more()
    }).listen({ host: '127.0.0.1', port: 0 })
    await once(server, 'listening')
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

    const answer = await fetchFrom({ endpoint }, '/x.txt')

    expect(answer.status).toBe(404)
    server.closeAllConnections()
    server.close()
  })

  test('unsigned requests carry no authorization', async () => {
    await using server = await startS3Server()
    vi.stubEnv('AWS_ACCESS_KEY_ID', '')
    const unsigned = { accessKeyId: undefined, secretAccessKey: undefined }

    const refused = await fetchFrom(server, '/x', { settings: { ...unsigned, forbiddenIsMissing: false } })
    const missing = await fetchFrom(server, '/x', { settings: unsigned })

    expect([refused.status, missing.status]).toEqual([403, 404])
  })
})

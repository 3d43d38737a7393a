import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { HOST, houseInFrontOf } from './house.ts'
import { site } from './site.ts'

/** Sends bytes as they are, and reads until the other side closes. */
async function raw(port: number, bytes: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port })
  let answer = ''
  socket.on('data', (chunk) => {
    answer += chunk
  })
  socket.write(bytes)
  await once(socket, 'close')
  return answer
}

const sites = (origin: string) => [
  { id: 'exact', aliases: ['www.example.com'], origins: [{ id: 'o', http: { url: `${origin}/exact` } }] },
  { id: 'wild', aliases: ['*.example.com'], origins: [{ id: 'o', http: { url: `${origin}/wild` } }] },
]

describe('which site', () => {
  test('is decided by the Host: exact before wildcard, whatever its case and port', async () => {
    await using origin = await site()
    await using house = await houseInFrontOf(sites(origin.url))

    for (const host of ['WWW.example.com:8080', 'shop.example.com', 'a.b.example.com']) {
      await house.get('/', { host })
    }

    expect(origin.requests).toEqual(['GET /exact/', 'GET /wild/', 'GET /wild/'])
  })

  test('an unknown Host gets 421 in one line, never another site', async () => {
    await using origin = await site()
    await using house = await houseInFrontOf(sites(origin.url))

    const answer = await house.get('/', { host: 'example.org' })

    expect(answer.status).toBe(421)
    expect(answer.body.trimEnd().split('\n')).toHaveLength(1)
    // The cache had no part in it (RFC 9211 §2).
    expect(answer.headers['cache-status']).toBe('"test"')
    expect(origin.requests).toEqual([])
  })

  test('two sites never share a cached response', async () => {
    await using origin = await site({ 'cache-control': 'max-age=60' })
    await using house = await houseInFrontOf(sites(origin.url))

    const one = await house.get('/page', { host: 'a.example.com' })
    const other = await house.get('/page', { host: 'b.example.com' })

    expect([one.body, other.body]).toEqual(['answer 1', 'answer 2'])
  })
})

describe('the spelling of a Host', () => {
  test('with a port of its own has responses of its own, so that it poisons nobody’s', async () => {
    await using origin = await site()
    origin.answers((request, response) => {
      const location = `http://${request.headers['x-forwarded-host']}/new`
      response.writeHead(301, { location, 'cache-control': 'max-age=60' }).end()
    })
    await using house = await houseInFrontOf(origin.url)

    const locations: string[] = []
    for (const host of [`${HOST}:1337`, HOST, `${HOST}:80`, `${HOST}.`]) {
      locations.push((await house.get('/old', { host })).headers.location ?? '')
    }

    const own = `http://${HOST}/new`
    expect(locations).toEqual([`http://${HOST}:1337/new`, own, own, own])
    expect(origin.requests).toHaveLength(2)
  })
})

describe('which rule', () => {
  test('the first path pattern that matches sends the request to its origin', async () => {
    await using origin = await site()
    const distribution = {
      id: 'site',
      aliases: [HOST],
      defaultRootObject: 'home.html',
      origins: [
        { id: 'pages', http: { url: `${origin.url}/pages` } },
        { id: 'api', http: { url: `${origin.url}/api` } },
      ],
      cacheBehaviors: [
        { pathPattern: 'v?/*', targetOriginId: 'api', allowedMethods: ['GET', 'HEAD'] },
        { pathPattern: '/secret/*', viewerProtocolPolicy: 'https-only' },
        { pathPattern: '/moved/*', viewerProtocolPolicy: 'redirect-to-https' },
      ],
    }
    await using house = await houseInFrontOf([distribution])

    await house.get('/v1/users?id=1')
    await house.get('/?q')
    const refused = await house.ask('DELETE', '/v1/users')
    const secret = await house.get('/secret/x')
    const moved = await house.get('/moved/x?y')

    expect(origin.requests).toEqual(['GET /api/v1/users?id=1', 'GET /pages/home.html?q'])
    expect([refused.status, secret.status, moved.status]).toEqual([403, 403, 301])
    expect(moved.headers['x-cache']).toBe('Redirect from selvedge')
    expect(moved.headers.location).toBe(`https://${HOST}/moved/x?y`)
  })
})

describe('what goes on to the origin', () => {
  test('a small body once it is whole: who sends one slowly holds nobody’s connection but his own', async () => {
    await using origin = await site()
    await using house = await houseInFrontOf(origin.url)
    const slow = connect({ host: '127.0.0.1', port: house.port })
    slow.write(`POST /slow HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\nContent-Length: 4\r\n\r\nha`)
    await once(slow, 'connect')

    for (let count = 0; count < 5; count += 1) await house.get(`/${count}`)
    expect(origin.requests).toHaveLength(5)
    slow.write('lf')
    const [answer] = await once(slow, 'data')
    slow.destroy()

    expect(String(answer)).toMatch(/^HTTP\/1.1 200 /)
    expect(origin.requests.at(-1)).toBe('POST /slow')
    expect(origin.headers.at(-1)).toMatchObject({ 'content-length': '4' })
  })

  test('nothing of the connection, nothing that poisons; and what we know of the viewer', async () => {
    await using origin = await site()
    await using house = await houseInFrontOf(origin.url)

    await house.get('/', {
      'x-forwarded-host': 'evil.example',
      'x-forwarded-for': '6.6.6.6',
      'x-forwarded-anything': 'evil',
      'x-original-url': '/admin',
      x_forwarded_host: 'evil.example',
      x_original_url: '/admin',
      'cloudfront-viewer-country': 'XX',
      'selvedge-distribution': 'other',
      'x-custom': 'kept',
    })

    const [headers] = origin.headers
    expect(headers).toMatchObject({
      host: new URL(origin.url).host,
      'x-forwarded-host': HOST,
      'x-forwarded-proto': 'http',
      'x-forwarded-for': '127.0.0.1',
      'x-custom': 'kept',
      via: '1.1 test (selvedge)',
    })
    for (const name of [
      'x-original-url',
      'x_forwarded_host',
      'x_original_url',
      'x-forwarded-anything',
      'cloudfront-viewer-country',
      'selvedge-distribution',
      'selvedge-signature',
    ]) {
      expect(headers).not.toHaveProperty(name)
    }
  })
})

describe('malformed requests', () => {
  test.each([
    ['two Hosts', `GET / HTTP/1.1\r\nHost: ${HOST}\r\nHost: ${HOST}\r\n\r\n`],
    ['a path in the Host', `GET / HTTP/1.1\r\nHost: ${HOST}/x\r\n\r\n`],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n'],
    ['a fragment in the target', `GET /a#b HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`],
    ['bare line feeds', `GET / HTTP/1.1\nHost: ${HOST}\n\n`],
    ['two lengths', `POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab`],
    [
      'length and chunks',
      `POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
  ])('%s: 400, and nothing reaches the origin', async (_, bytes) => {
    await using origin = await site()
    await using house = await houseInFrontOf(origin.url)

    const answer = await raw(house.port, bytes)

    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(origin.requests).toEqual([])
  })

  test('are logged all the same: every response counts', async () => {
    await using origin = await site()
    await using house = await houseInFrontOf(origin.url)

    await raw(house.port, `GET / HTTP/1.1\r\nHost: a b\r\n\r\n`)
    await raw(house.port, `no HTTP at all\r\n\r\n`)
    const records = await house.records(2)

    expect(records.map(({ status, host }) => [status, host])).toEqual([
      ['400', ''],
      ['400', ''],
    ])
  })

  test('garbage behind a request never lands in the response to it, but is answered behind it', async () => {
    await using origin = await site()
    origin.answers((_, response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('x'.repeat(500))
      setTimeout(() => response.end('x'.repeat(500)), 200)
    })
    await using house = await houseInFrontOf(origin.url)
    const socket = connect({ host: '127.0.0.1', port: house.port })
    let received = ''
    socket.on('data', (chunk) => {
      received += chunk
    })

    socket.write(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`)
    await expect.poll(() => received).toContain('xxx')
    socket.write('no HTTP at all\r\n\r\n')
    await once(socket, 'close')

    expect(received).toMatch(/^HTTP\/1\.1 200 /)
    expect(received).toMatch(/\r\n\r\nx{1000}HTTP\/1\.1 400 /)
  })

  test('an absolute target names the host itself (RFC 9112 §3.2.2)', async () => {
    await using origin = await site({ connection: 'close' })
    await using house = await houseInFrontOf(origin.url)

    const answer = await raw(
      house.port,
      `GET http://${HOST}/page HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n`,
    )

    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
    expect(origin.requests).toEqual(['GET /page'])
  })
})

describe('the shield', () => {
  test('answers nobody but its edges', async () => {
    await using origin = await site()
    await using house = await houseInFrontOf(origin.url)

    const answer = await raw(
      house.shieldPort,
      `GET / HTTP/1.1\r\nHost: ${HOST}\r\nSelvedge-Distribution: site\r\nSelvedge-Signature: t=1, mac=x\r\nConnection: close\r\n\r\n`,
    )

    expect(answer).toMatch(/^HTTP\/1\.1 403 /)
    expect(origin.requests).toEqual([])
  })

  test('when it can’t be reached the next one is asked', async () => {
    await using origin = await site()
    await using other = await houseInFrontOf(origin.url)
    const dead = 'http://127.0.0.1:9'
    await using house = await houseInFrontOf(origin.url, {
      shields: [dead, `http://127.0.0.1:${other.shieldPort}`],
    })

    const statuses = await Promise.all(
      Array.from({ length: 20 }, async (_, at) => (await house.get(`/${at}`)).status),
    )

    expect(new Set(statuses)).toEqual(new Set([200]))
  })
})

describe('access log', () => {
  test('one record a response, with who, what and how', async () => {
    await using origin = await site({
      'cache-control': 'max-age=60',
      'content-type': 'text/html; charset=utf-8',
    })
    await using house = await houseInFrontOf(origin.url)

    await house.get('/page?x=1', {
      'user-agent': 'Täst\tAgent',
      'sec-fetch-dest': 'document',
      referer: 'http://r/',
    })
    await house.get('/page?x=1')
    await house.get('/', { host: 'unknown.example' })
    const records = await house.records(3)

    expect(records).toHaveLength(3)
    expect(records[0]).toMatchObject({
      distribution: 'site',
      host: HOST,
      method: 'GET',
      scheme: 'http',
      protocolVersion: 'HTTP/1.1',
      path: '/page',
      query: 'x=1',
      status: '200',
      resultType: 'Miss',
      contentType: 'text/html',
      clientIp: '127.0.0.1',
      userAgent: 'T%E4st%09Agent',
      referer: 'http://r/',
      secFetchDest: 'document',
    })
    expect(Number(records[0]?.bytesSent)).toBeGreaterThan(100)
    expect(records.map(({ resultType }) => resultType)).toEqual(['Miss', 'Hit', 'Error'])
    expect(records[2]).toMatchObject({ distribution: '', status: '421' })
    expect(new Set(records.map(({ requestId }) => requestId)).size).toBe(3)
  })

  test('says whether the viewer asked not to be tracked, of hits too', async () => {
    await using origin = await site({ 'cache-control': 'max-age=60' })
    await using house = await houseInFrontOf(origin.url)

    await house.get('/', { dnt: '1' })
    await house.get('/', { 'sec-gpc': '1' })
    await house.get('/', { 'sec-gpc': '1' })
    await house.get('/', { 'sec-gpc': '1' })
    await house.get('/', { dnt: '0' })
    await house.get('/')
    const records = await house.records(6)

    expect(records.map(({ doNotTrack }) => doNotTrack)).toEqual(['1', '1', '1', '1', '', ''])
  })
})

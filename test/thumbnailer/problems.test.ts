import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RunningThumbnailer, startThumbnailer } from './program.ts'
import { type Site, startSite, twoColours } from './site.ts'

let site: Site
let thumbnailer: RunningThumbnailer

beforeAll(async () => {
  site = await startSite({ '/': twoColours() })
  thumbnailer = await startThumbnailer(site, { maxAgeSeconds: 1, failureSeconds: 1 })
})

afterAll(async () => {
  await thumbnailer[Symbol.asyncDispose]()
  await site[Symbol.asyncDispose]()
})

const problemOf = async (answer: Response) => {
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  expect(answer.headers.get('cache-control')).toBe('no-store')
  const { code, status } = (await answer.json()) as { code: string; status: number }
  expect(status).toBe(answer.status)
  return `${status} ${code}`
}

describe('who may ask, and for what', () => {
  test('a request without a genuine signature is refused', async () => {
    const target = '/thumbnail?url=http://docs.example/'

    expect(await problemOf(await thumbnailer.get(target))).toBe('401 unsigned')
    const headers = { 'Selvedge-Signature': `t=${Math.floor(Date.now() / 1000)}, mac=${'A'.repeat(43)}` }
    expect(await problemOf(await thumbnailer.get(target, { headers }))).toBe('401 unsigned')
    expect(site.requests).toEqual([])
  })

  test.each([
    ['http://other.example/', '404 not-fronted'],
    ['file:///etc/passwd', '400 bad-url'],
    ['http://me:secret@docs.example/', '400 bad-url'],
    ['nonsense', '400 bad-url'],
  ])('%s is refused before a browser sees it', async (url, problem) => {
    expect(await problemOf(await thumbnailer.ask({ url }))).toBe(problem)
    expect(site.requests).toEqual([])
  })

  test('other methods and paths are told what there is', async () => {
    const post = await thumbnailer.ask({ url: 'http://docs.example/' }, { method: 'POST' })

    expect(await problemOf(post)).toBe('405 bad-method')
    expect(post.headers.get('allow')).toBe('GET, HEAD')
    expect(await problemOf(await thumbnailer.get('/thumbnails'))).toBe('404 not-found')
    expect(await (await thumbnailer.get('/healthz')).text()).toBe('ok\n')
  })
})

describe('a site that fails', () => {
  test('is 502, is left alone for a while, and is tried again after it', async () => {
    site.pages['/failing'] = (_, response) => response.writeHead(500).end('broken')
    const ask = () => thumbnailer.ask({ url: 'http://docs.example/failing' })
    const visits = () => site.requests.filter((line) => line.endsWith('/failing')).length

    expect(await problemOf(await ask())).toBe('502 site-error')
    site.pages['/failing'] = twoColours()
    const again = await ask()

    expect(again.headers.get('retry-after')).toBe('1')
    expect(await problemOf(again)).toBe('502 site-error')
    expect(visits()).toBe(1)
    await expect.poll(async () => (await ask()).status, { timeout: 20_000 }).toBe(200)
  })

  test.each([
    [
      'closes the connection',
      'site-unreachable',
      (_: unknown, response: { destroy(): void }) => response.destroy(),
    ],
    [
      'sends a download',
      'no-page',
      (_: unknown, response: import('node:http').ServerResponse) =>
        response.writeHead(200, { 'Content-Disposition': 'attachment' }).end('a file'),
    ],
    [
      'redirects to itself for ever',
      'site-unreachable',
      (request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse) =>
        response.writeHead(302, { Location: request.url }).end(),
    ],
    [
      'redirects to a scheme of the browser',
      'site-unreachable',
      (_: unknown, response: import('node:http').ServerResponse) =>
        response.writeHead(302, { Location: 'file:///etc/passwd' }).end(),
    ],
  ])('a site that %s is %s', async (what, code, answer) => {
    const path = `/${what.replaceAll(' ', '-')}`
    site.pages[path] = answer

    expect(await problemOf(await thumbnailer.ask({ url: `http://docs.example${path}` }))).toBe(
      `${code === 'no-page' ? 422 : 502} ${code}`,
    )
  })

  test('a site that redirects to one that is none of ours is site-refused, and is remembered', async () => {
    site.pages['/leads-away'] = (_, response) =>
      response.writeHead(302, { Location: 'http://other.example/' }).end()
    site.pages['/leads-away-by-script'] = "<p>a page<script>location = 'http://other.example/'</script>"
    const ask = (path: string) => thumbnailer.ask({ url: `http://docs.example${path}` })

    expect(await problemOf(await ask('/leads-away'))).toBe('403 site-refused')
    expect(await problemOf(await ask('/leads-away-by-script'))).toBe('403 site-refused')
    expect(Number((await ask('/leads-away')).headers.get('retry-after'))).toBeGreaterThan(0)
    expect(site.requests.filter((line) => line.includes('other.example'))).toEqual([])
  })

  test('a page of https is unreachable where the edge has no port for it', async () => {
    expect(await problemOf(await thumbnailer.ask({ url: 'https://docs.example/' }))).toBe(
      '502 site-unreachable',
    )
  })
})

describe('a picture that is too old', () => {
  test('is given at once, while a new one is made', async () => {
    site.pages['/changing'] = twoColours('#ff0000', '#ff0000')
    const ask = () => thumbnailer.ask({ url: 'http://docs.example/changing', rank: '1' })
    const old = (await ask()).headers.get('etag')
    site.pages['/changing'] = twoColours('#00ff00', '#00ff00')

    await expect
      .poll(async () => (await ask()).headers.get('cache-control'), { timeout: 5_000 })
      .toBe('public, max-age=10, stale-while-revalidate=86400')
    await expect.poll(async () => (await ask()).headers.get('etag'), { timeout: 10_000 }).not.toBe(old)
  })

  test('is kept while its site fails', async () => {
    site.pages['/failing-later'] = twoColours('#abcdef')
    const ask = () => thumbnailer.ask({ url: 'http://docs.example/failing-later', rank: '1' })
    const good = (await ask()).headers.get('etag')
    site.pages['/failing-later'] = (_, response) => response.writeHead(503).end()
    const visits = () => site.requests.filter((line) => line.endsWith('/failing-later')).length

    const visitsAfterAsking = async () => {
      await ask()
      return visits()
    }
    await expect.poll(visitsAfterAsking, { timeout: 5_000 }).toBeGreaterThan(1)
    const answer = await ask()
    expect([answer.status, answer.headers.get('etag')]).toEqual([200, good])
  })
})

describe('a full queue', () => {
  test('turns away who comes on top, and tells when to come again', async () => {
    await using busy = await startThumbnailer(site, { concurrency: 1, queueMax: 1 })
    const waiting: { end(): void }[] = []
    site.pages['/waits'] = (_, response) => void waiting.push(response)
    site.pages['/waits-too'] = twoColours()

    const first = busy.ask({ url: 'http://docs.example/waits' })
    await expect.poll(() => waiting.length).toBe(1)
    const second = busy.ask({ url: 'http://docs.example/waits-too' })
    await expect.poll(() => busy.metric('selvedge_thumbnailer_queue_length')).toBe(1)
    const third = await busy.ask({ url: 'http://docs.example/' })
    for (const response of waiting) response.end()

    expect(third.headers.get('retry-after')).toBe('10')
    expect(await problemOf(third)).toBe('503 busy')
    expect([(await first).status, (await second).status]).toEqual([200, 200])
  })
})

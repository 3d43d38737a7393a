import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { looksLikeAnother } from '../../thumbnailer/look-alike.ts'
import { startNameServer } from '../show/hostile/name-server.ts'
import { type RunningThumbnailer, startThumbnailer } from './program.ts'
import { type Site, startSite, twoColours } from './site.ts'

let site: Site
let names: Awaited<ReturnType<typeof startNameServer>>
/** Renders any page, so that nothing is refused for its site alone. */
let thumbnailer: RunningThumbnailer

beforeAll(async () => {
  site = await startSite({ '/': twoColours() })
  names = await startNameServer(() => [])
  const egress = { nameServers: [names.address] }
  thumbnailer = await startThumbnailer(site, { allow: 'any', egress, failureSeconds: 60 })
})

afterAll(async () => {
  await thumbnailer[Symbol.asyncDispose]()
  await names[Symbol.asyncDispose]()
  await site[Symbol.asyncDispose]()
})

async function problemOf(url: string): Promise<{ status: number; code: string; detail: string }> {
  const answer = await thumbnailer.ask({ url })
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  return (await answer.json()) as { status: number; code: string; detail: string }
}

describe('what is no page is told so', () => {
  test.each([
    ['', 'is missing; give the address of a page.'],
    ['http://', 'is not an absolute URL.'],
    ['//docs.example/', 'is not an absolute URL.'],
    ['http://docs.example:99999/', 'is not an absolute URL.'],
    ['http://[::1/', 'is not an absolute URL.'],
    ['http://a b/', 'is not an absolute URL.'],
    ['http://user@docs.example/', 'has credentials; leave them out.'],
    ['http://:secret@docs.example/', 'has credentials; leave them out.'],
    ['gopher://docs.example/', 'begins with gopher:, only http: and https: are allowed.'],
    ['view-source:http://docs.example/', 'begins with view-source:, only http: and https: are allowed.'],
    ['javascript:alert(1)', 'begins with javascript:, only http: and https: are allowed.'],
    [`http://docs.example/${'a'.repeat(10_000)}`, 'has 10020 characters, at most 2048 are allowed.'],
    [`http://docs.example/${'ü'.repeat(1_000)}`, 'is longer than 2048 characters.'],
  ])('%s', async (url, detail) => {
    expect(await problemOf(url)).toMatchObject({ status: 400, code: 'bad-url', detail: `url: ${detail}` })
  })

  test('a name that looks like another is refused by how it is really written', async () => {
    const { status, code, detail } = await problemOf('http://www.аpple.example/') // a Cyrillic а

    expect([status, code]).toEqual([400, 'bad-url'])
    expect(detail).toContain('www.xn--pple-43d.example')
  })
})

describe('a name that can not be opened', () => {
  test.each([
    'http://nowhere.example/',
    'http://xn--nowhere.example/',
    `http://${'a'.repeat(63)}.${'b'.repeat(63)}.example/`,
  ])('%s is site-unreachable, and is left alone for a while', async (url) => {
    const problem = await problemOf(url)
    const again = await thumbnailer.ask({ url })

    expect(problem).toMatchObject({ status: 502, code: 'site-unreachable' })
    expect(Number(again.headers.get('retry-after'))).toBeGreaterThan(0)
  })

  test.each([
    'http://127.0.0.1/',
    'http://2130706433/',
    'http://[::ffff:10.0.0.1]/',
    'http://169.254.169.254/',
  ])('%s is none of the internet', async (url) => {
    expect(await problemOf(url)).toMatchObject({ status: 403, code: 'site-refused' })
  })
})

describe('names that look like others', () => {
  test.each(['аpple.com', 'gооgle.com', 'www.ρaypal.com', 'exаmple.co.uk'])('%s', (name) => {
    expect(looksLikeAnother(new URL(`http://${name}/`).hostname)).toBe(true)
  })

  test.each([
    'bücher.example',
    'пример.рф',
    '日本語abc.jp',
    '한국kr.kr',
    'שלום.co.il',
    'apple.com',
    'россия.example',
    'x2-日本.jp',
  ])('%s is somebody’s own language', (name) => {
    expect(looksLikeAnother(new URL(`http://${name}/`).hostname)).toBe(false)
  })
})

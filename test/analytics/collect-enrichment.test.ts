import { describe, expect, test } from 'vitest'
import { isBotAgent } from '../../analytics/collect/bot.ts'
import { networkOf, plainAddress } from '../../analytics/collect/network.ts'
import { isPageView } from '../../analytics/collect/page-view.ts'
import { createSiteOf } from '../../analytics/collect/site.ts'
import { visitorOf } from '../../analytics/collect/visitor.ts'

describe('a site', () => {
  const siteOf = createSiteOf([
    { id: 'docs', aliases: ['docs.example.com', '*.github.io'] },
    { id: 'anything', aliases: ['*'] },
  ])
  const of = (host: string, distribution = 'docs') => siteOf({ host, distribution })

  test('is the registrable domain, by the private section too', () => {
    expect(of('docs.example.com')).toBe('example.com')
    expect(of('a.b.example.co.uk')).toBe('example.co.uk')
    expect(of('www.alice.github.io')).toBe('alice.github.io')
    expect(of('Example.COM.')).toBe('example.com')
  })

  test('is the host itself where there is no such domain', () => {
    expect(of('192.0.2.1')).toBe('192.0.2.1')
    expect(of('[2001:db8::1]')).toBe('[2001:db8::1]')
    expect(of('intranet')).toBe('intranet')
    expect(of('github.io')).toBe('github.io')
  })

  test('is the host under .localhost, and where a distribution answers to every name', () => {
    expect(of('docs.localhost')).toBe('docs.localhost')
    expect(of('a.b.example.com', 'anything')).toBe('a.b.example.com')
  })

  test('is nothing where there is no distribution', () => {
    expect(of('bank.example', '')).toBe('')
  })
})

const page = {
  method: 'GET',
  status: '200',
  contentType: 'text/html',
  secFetchDest: 'document',
  secPurpose: '',
}

describe('a page view', () => {
  test.each([
    ['by a browser', {}],
    ['by a browser that does not say what for', { secFetchDest: '' }],
    ['of XHTML', { contentType: 'application/xhtml+xml' }],
    ['that the browser had already', { status: '304', contentType: '' }],
    ['whose 304 names its type', { status: '304', secFetchDest: '' }],
  ])('is a page %s', (_what, difference) => {
    expect(isPageView({ ...page, ...difference }, false)).toBe(true)
  })

  test.each([
    ['that was not asked for by GET', { method: 'HEAD' }],
    ['that is a redirect', { status: '301' }],
    ['that is an error', { status: '404' }],
    ['before which the viewer left', { status: '0' }],
    ['in a frame', { secFetchDest: 'iframe' }],
    ['fetched by a script', { secFetchDest: 'empty' }],
    ['fetched in case it were wanted', { secPurpose: 'prefetch' }],
    ['rendered in case it were wanted', { secPurpose: 'prefetch;prerender' }],
    ['that is a picture', { contentType: 'image/png' }],
    ['of which only the 304 is known', { status: '304', contentType: '', secFetchDest: '' }],
  ])('is no response %s', (_what, difference) => {
    expect(isPageView({ ...page, ...difference }, false)).toBe(false)
  })
})

test('what a bot gets is no page view', () => {
  expect(isPageView(page, true)).toBe(false)
})

describe('a bot', () => {
  test.each([
    [false, 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'],
    [
      false,
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Safari/604.1',
    ],
    [true, 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)'],
    [true, 'GPTBot/1.2'],
    [true, 'curl/8.14.1'],
    [true, ''],
  ])('%s: %s', (bot, userAgent) => {
    expect(isBotAgent(userAgent)).toBe(bot)
    expect(isBotAgent(userAgent)).toBe(bot)
  })
})

describe('an address', () => {
  test.each([
    ['192.0.2.77', '192.0.2.0/24'],
    ['::ffff:192.0.2.77', '192.0.2.0/24'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1::/48'],
    ['2001:0DB8:0001::1', '2001:db8:1::/48'],
    ['fe80::1%eth0', 'fe80::/48'],
    ['::1', '::/48'],
  ])('%s is kept as its network %s', (address, network) => {
    expect(networkOf(plainAddress(address) ?? '')).toBe(network)
  })

  test.each(['', 'localhost', '192.0.2', '3221226061', '0300.0.2.77', '192.0.2.256', '192.0.2.7:80', ':::'])(
    '%j is none',
    (text) => expect(plainAddress(text)).toBeUndefined(),
  )
})

describe('a visitor', () => {
  const person = { salt: 'a'.repeat(64), address: '192.0.2.77', userAgent: 'Firefox' }

  test('is the same for the same day, address and browser, and for nothing else', () => {
    const others = [
      visitorOf({ ...person, salt: 'b'.repeat(64) }),
      visitorOf({ ...person, address: '192.0.2.7', userAgent: '7Firefox' }),
      visitorOf({ ...person, userAgent: 'Chrome' }),
    ]

    expect(visitorOf({ ...person })).toEqual(visitorOf(person))
    expect(new Set([visitorOf(person), ...others].map((visitor) => JSON.stringify(visitor))).size).toBe(4)
  })
})

import { describe, expect, test } from 'vitest'
import { deviceOf } from '../../edge/distribution/device.ts'
import type { ViewerDetails } from '../../edge/distribution/viewer-details.ts'
import { cloudfrontValue, databasesFor } from '../../edge/distribution/viewer-headers.ts'
import { distributionOf, keyedBy } from './cloudfront-site.ts'
import { houseInFrontOf } from './house.ts'
import { site } from './site.ts'

const details: ViewerDetails = {
  city: 'Zürich',
  region: 'ZH',
  regionName: 'Zurich',
  postalCode: '8001',
  metroCode: '',
  timeZone: 'Europe/Zurich',
  coordinates: { latitude: 47.37, longitude: 8.54 },
  asn: 64_500,
}
const asked = { method: 'GET', scheme: 'https', host: 'h', protocolVersion: '2.0', node: 'n', cdnId: 'c' }

function told(name: string, but: Partial<ViewerDetails> = {}): string | undefined {
  const viewer = { address: '192.0.2.1', port: 5, country: 'CH', details: () => ({ ...details, ...but }) }
  return cloudfrontValue(name, viewer, asked, [])
}

describe('where a viewer is, in CloudFront’s headers', () => {
  test.each([
    ['cloudfront-viewer-country', 'CH'],
    ['cloudfront-viewer-country-name', 'Switzerland'],
    ['cloudfront-viewer-country-region', 'ZH'],
    ['cloudfront-viewer-country-region-name', 'Zurich'],
    ['cloudfront-viewer-city', 'Z%C3%BCrich'],
    ['cloudfront-viewer-postal-code', '8001'],
    ['cloudfront-viewer-time-zone', 'Europe/Zurich'],
    ['cloudfront-viewer-latitude', '47.37000'],
    ['cloudfront-viewer-longitude', '8.54000'],
    ['cloudfront-viewer-asn', '64500'],
    ['cloudfront-viewer-address', '192.0.2.1:5'],
    ['cloudfront-viewer-http-version', '2.0'],
    ['cloudfront-forwarded-proto', 'https'],
    ['cloudfront-viewer-metro-code', undefined],
    ['cloudfront-viewer-ja3-fingerprint', undefined],
  ])('%s: %s', (name, value) => {
    expect(told(name)).toBe(value)
  })

  test('what a database says can’t end a line', () => {
    expect(told('cloudfront-viewer-city', { city: 'A\r\nX: \ud800' })).toBe('A%0D%0AX: %EF%BF%BD')
  })

  test('databases are opened for headers that take them', () => {
    expect(databasesFor(['cloudfront-viewer-country', 'cloudfront-is-mobile-viewer'])).toEqual({
      city: false,
      asn: false,
    })
    expect(databasesFor(['cloudfront-viewer-city'])).toEqual({ city: true, asn: false })
    expect(databasesFor(['cloudfront-viewer-asn'])).toEqual({ city: false, asn: true })
  })
})

describe('what a viewer has, by User-Agent', () => {
  const kinds = ['desktop', 'mobile', 'tablet', 'smarttv', 'android', 'ios']
  const seen = (userAgent: string) =>
    kinds.filter((kind) => deviceOf(`cloudfront-is-${kind}-viewer`, userAgent) === 'true').join(' ')

  test.each([
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36',
      'desktop',
    ],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15',
      'desktop',
    ],
    ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'desktop'],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1',
      'mobile ios',
    ],
    [
      'Mozilla/5.0 (iPad; CPU OS 16_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1',
      'tablet ios',
    ],
    [
      'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36',
      'mobile android',
    ],
    [
      'Mozilla/5.0 (Linux; Android 14; SM-X710) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36',
      'tablet android',
    ],
    ['Mozilla/5.0 (Linux; Android 11; AFTKA) AppleWebKit/537.36 Silk/120 Safari/537.36', 'smarttv android'],
    ['Mozilla/5.0 (SMART-TV; LINUX; Tizen 6.0) AppleWebKit/537.36 TV Safari/537.36', 'smarttv'],
    ['Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 Chrome/94.0 Safari/537.36', 'smarttv'],
    ['curl/8.5.0', 'desktop'],
    ['', 'desktop'],
  ])('%s', (userAgent, kind) => {
    expect(seen(userAgent)).toBe(kind)
  })
})

describe('in a house', () => {
  const phone = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148'

  test('a listed device header is in the key, and what the viewer says of itself is not believed', async () => {
    await using origin = await site()
    const headers = ['CloudFront-Is-Mobile-Viewer', 'CloudFront-Viewer-City']
    const behavior = keyedBy({ headersConfig: { headerBehavior: 'whitelist', headers } })
    await using house = await houseInFrontOf(distributionOf(origin.url, behavior))

    const results = []
    for (const userAgent of ['desktop/1', phone, 'desktop/2', phone]) {
      const asking = {
        'user-agent': userAgent,
        'cloudfront-is-mobile-viewer': 'odd',
        'cloudfront-viewer-city': 'odd',
      }
      results.push((await house.get('/p', asking)).headers['x-cache'])
    }

    expect(results.map((result) => String(result).split(' ')[0])).toEqual(['Miss', 'Miss', 'Hit', 'Hit'])
    expect(origin.headers.map((sent) => sent['cloudfront-is-mobile-viewer'])).toEqual(['false', 'true'])
    expect(origin.headers[0]).not.toHaveProperty('cloudfront-viewer-city')
  })

  test('what no policy lists isn’t sent', async () => {
    await using origin = await site()
    await using house = await houseInFrontOf(distributionOf(origin.url, { cachePolicy: 'CachingOptimized' }))

    await house.get('/p', { 'user-agent': phone, 'cloudfront-viewer-asn': '1' })

    const sent = Object.keys(origin.headers[0] ?? {}).filter((name) => name.startsWith('cloudfront-'))
    expect(sent).toEqual([])
  })
})

import { describe, expect, test } from 'vitest'
import { openAccessLog, viewBut, viewsBy } from './access-log.ts'
import { type InfoApi, infoApiOn } from './info-api.ts'

describe('top sites', () => {
  test('shows rank, picture, figures and a month of each site, best first', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)
    await log.insert([...viewsBy(3, { site: 'first.example' }), viewBut({ site: 'second.example' })])

    const page = await pageOf(api, '/?window=1d&utm_source=elsewhere')

    expect(
      [...page.matchAll(/<th role="rowheader"[^>]*><a href="([^"]+)">([^<]+)/g)].map(([, ...found]) => found),
    ).toEqual([
      ['/sites/first.example', 'first.example'],
      ['/sites/second.example', 'second.example'],
    ])
    expect(page).toContain('src="/v1/sites/first.example/thumbnail?size=small"')
    expect(page).toContain('aria-label="Page views: at most 3 a day, 3 today"')
    expect(page).toContain('within this CDN’s traffic')
  })

  test('says so when nobody came', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)

    const page = await pageOf(api, '/')

    expect(page).toContain('Nobody has opened a page in this window yet')
  })
})

describe('a site', () => {
  test('shows ranks, today, a plot with a table of the same, its picture and countries', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)
    await log.insert([
      ...viewsBy(3),
      viewBut({ country: 'FR', visitor: 9 }),
      viewBut({ time: '2026-07-24 12:00:00' }),
    ])

    const page = await pageOf(api, '/sites/a.example')

    expect(page).toContain('<h1>a.example</h1>')
    expect(page).toMatch(/<svg role="img" aria-labelledby="plot-title plot-description"/)
    expect(page).toContain('5 page views in 30 days, most on 25 Jul: 4.')
    expect(page.match(/<time datetime="2026-0[67]-\d\d">/g)).toHaveLength(30)
    expect(page).toContain('href="/v1/sites/a.example/thumbnail?size=full"')
    expect(page).toMatch(/Germany.*80\.0%.*France.*20\.0%/s)
    expect(page.match(/<b>1<\/b> <small>of 1<\/small>/g)).toHaveLength(4)
    expect(page).toContain('What the figures mean')
  })

  test('that was never seen has a page that says so', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)

    const response = await api.get('/sites/never.example')

    expect(response.status).toBe(404)
    expect(await response.text()).toContain('Nobody has asked for never.example here.')
  })
})

describe('hostile names', () => {
  test('of sites and hosts in the log never become markup', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)
    const hostile = '"><img src=x onerror=alert(1)>\'&'
    await log.insert([
      ...viewsBy(2, { site: hostile }),
      ...viewsBy(2, { host: hostile, country: '<i' }),
      viewBut({ country: '' }),
    ])

    const pages = [await pageOf(api, '/'), await pageOf(api, '/sites/a.example')]

    expect(pages.join()).not.toContain('<img src=x')
    expect(pages.join()).not.toContain('<i</th>')
    expect(pages[0]).toContain('&quot;&gt;&lt;img src=x onerror=alert(1)&gt;&#39;&amp;')
    expect(pages[0]).toContain('href="/sites/%22%3E%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E&#39;%26"')
  })

  test('in an address are a problem, told in words', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)

    const response = await api.get(`/sites/${encodeURIComponent('<script>alert(1)</script>')}`, {
      headers: { Accept: 'text/html' },
    })

    expect(response.status).toBe(400)
    expect(await response.text()).toContain('site: is no host name')
  })
})

describe('what a browser is told', () => {
  test.each(['/', '/sites/a.example', '/nothing', '/assets/style.css'])(
    '%s runs no script and nothing from elsewhere',
    async (path) => {
      await using log = await openAccessLog()
      await using api = await infoApiOn(log)
      await log.insert([viewBut()])

      const response = await api.get(path, { headers: { Accept: 'text/html' } })

      expect(response.headers.get('content-security-policy')).toBe(
        "default-src 'none';style-src 'self';img-src 'self';" +
          "base-uri 'none';form-action 'none';frame-ancestors 'none'",
      )
      expect(response.headers.get('x-content-type-options')).toBe('nosniff')
      expect(response.headers.get('strict-transport-security')).toBeNull()
      expect(await response.text()).not.toMatch(
        /<script|<style|\sstyle=|\son\w+="|(src|href)="(https?:)?\/\//,
      )
    },
  )

  test('every local link and asset of the pages is there', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)
    await log.insert([viewBut()])
    const pages = (await Promise.all([pageOf(api, '/'), pageOf(api, '/sites/a.example')])).join()

    const links = new Set([...pages.matchAll(/(?:href|src)="(\/[^"]*)"/g)].map(([, link]) => link ?? ''))
    const statuses = await Promise.all(
      [...links]
        .filter((link) => !link.includes('thumbnail'))
        .map(async (link) => [link, (await api.get(link)).status]),
    )

    expect(statuses.filter(([, status]) => status !== 200)).toEqual([])
    expect(links.size).toBeGreaterThan(8)
  })
})

async function pageOf(api: InfoApi, path: string): Promise<string> {
  const response = await api.get(path, { headers: { Accept: 'text/html' } })
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
  return response.text()
}

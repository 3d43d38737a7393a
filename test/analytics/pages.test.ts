import { describe, expect, test } from 'vitest'
import { accessSettings } from '../../analytics/api/access.ts'
import { newKey } from '../../analytics/api/keyring.ts'
import { doDailySteps } from '../../analytics/daily/steps.ts'
import { createUpkeep } from '../../analytics/daily/upkeep.ts'
import { type AccessLog, openAccessLog, viewBut, viewsBy } from './access-log.ts'
import { FORMULA, type InfoApi, infoApiOn, NOON } from './info-api.ts'

describe('top sites', () => {
  test('shows rank, picture, figures and a month of each site, best first', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)
    await log.insert([...viewsBy(3, { site: 'first.example' }), viewBut({ site: 'second.example' })])

    const page = await pageOf(api, '/?window=1d&utm_source=elsewhere')

    expect(
      [...withoutBreaks(page).matchAll(/<th role="rowheader"[^>]*><a href="([^"]+)">([^<]+)/g)].map(
        ([, ...found]) => found,
      ),
    ).toEqual([
      ['/sites/first.example', 'first.example'],
      ['/sites/second.example', 'second.example'],
    ])
    expect(page).toContain('src="/v1/sites/first.example/thumbnail?size=small&amp;wait=1"')
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

    expect(withoutBreaks(page)).toContain('<h1>a.example</h1>')
    expect(page).toMatch(/<svg role="img" aria-labelledby="plot-title plot-description"/)
    expect(page).toContain('5 page views in 30 days, most on 25 Jul: 4.')
    expect(page.match(/<time datetime="2026-0[67]-\d\d">/g)).toHaveLength(30)
    expect(page).toContain('href="/v1/sites/a.example/thumbnail?size=full&amp;wait=1"')
    expect(page).toContain(`<meta property="og:image" content="${api.url}/v1/sites/a.example/card">`)
    expect(page).toMatch(/Germany.*80\.0%.*France.*20\.0%/s)
    expect(page.match(/<b>1<\/b> <small>of 1<\/small>/g)).toHaveLength(4)
    expect(page).toContain('What the figures mean')
    expect(page).toContain('No rank yet on a day that is over')
  })

  test('that was never seen has a page that says so', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)

    const response = await api.get('/sites/never.example')

    expect(response.status).toBe(404)
    expect(await response.text()).toContain('Nobody has asked for never.example here.')
  })
})

describe('rankings of earlier days', () => {
  test('have a page for each day and country, with what changed and the way to other days', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)
    const on = (day: string) => `2026-07-${day} 12:00:00`
    await log.insert([
      ...viewsBy(2, { site: 'a.example', time: on('22') }),
      viewBut({ site: 'b.example', time: on('22') }),
      viewBut({ site: 'a.example', time: on('23') }),
      ...viewsBy(3, { site: 'b.example', time: on('23'), country: 'FR' }),
      viewBut({ site: 'c.example', time: on('23'), country: 'FR', visitor: 9 }),
    ])
    await finish(log)

    const [everywhere, france, nowhere, countries] = await Promise.all(
      [
        '/?window=1d&day=2026-07-23',
        '/countries/fr?window=1d&day=2026-07-23',
        '/countries/JP',
        '/countries',
      ].map((path) => pageOf(api, path)),
    )

    expect(rowsOf(everywhere)).toEqual([
      '1 up 1 place b.example',
      '2 down 1 place in first 10 a.example',
      '2 new in first 10 c.example',
    ])
    expect(everywhere).toContain('href="/?window=1d&amp;day=2026-07-22"')
    expect(everywhere).toContain('<span class="nowrap">23 Jul 2026</span>.')
    expect(rowsOf(france)).toEqual(['1 new b.example', '2 new in first 10 c.example'])
    expect(france).toContain('<h1>France</h1>')
    expect(nowhere).toContain('No site has a rank by people there in this window.')
    expect(countries).toMatch(/France<\/a>\s*<small>2 sites/)
  })

  test.each(['2031-01-01', '1970-01-01', '0000-00-00', '9999-12-31', 'x'])(
    'of %s are none, and no failure',
    async (day) => {
      await using log = await openAccessLog()
      await using api = await infoApiOn(log)

      expect(await pageOf(api, `/?day=${day}&window=x`)).toMatch(/There is no ranking|Nobody has opened/)
    },
  )
})

describe('a comparison', () => {
  test('shows each site’s days and figures, and says what can’t be compared', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)
    await log.insert([...viewsBy(3), ...viewsBy(2, { site: 'b.example' })])

    const page = await pageOf(api, '/compare?sites=B.example,a.example b.example,%22%3E%3Ci%3E,never.example')

    expect(page).toContain('value="b.example, a.example, never.example"')
    expect(page).toContain('&quot;&gt;&lt;i&gt;: no host name.')
    expect(page).toContain('nobody asked for it in these days')
    expect(page.match(/data-value="3"/g)).toHaveLength(1)
    expect(page.match(/<time datetime="2026-0[67]-\d\d">/g)).toHaveLength(30)
  })

  test('takes ten sites, and says how many it left out', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)
    const sites = Array.from({ length: 13 }, (_, index) => `s${index}.example`)

    const page = await pageOf(api, `/compare?sites=${sites}&measure=x&days=-1&sites=a`)
    const many = await pageOf(api, `/compare?sites=${sites}&measure=rank`)

    expect(page).toContain('Name the sites that you want beside each other')
    expect(many).toContain('3 sites left out: 10 is the most.')
    expect(many).toContain('None of them had a rank in these days')
  })
})

describe('stable lists', () => {
  test('are listed, and each has a page with its sites, its configuration and how stable it is', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)
    await log.insert([
      ...viewsBy(2, { time: '2026-07-24 12:00:00' }),
      viewBut({ site: 'b.example', time: '2026-07-24 12:00:00' }),
    ])
    await finish(log)
    const { items } = (await api.ask('/v1/lists')) as { items: { id: string; sha256: string }[] }
    const { id = '', sha256 = '' } = items[0] ?? {}

    const [all, one] = await Promise.all([pageOf(api, '/lists'), pageOf(api, `/lists/${id}`)])

    expect(all).toContain(`<a href="/lists/${id}">24 Jul 2026</a>`)
    expect(withoutBreaks(one)).toMatch(/>1<\/td>\s*<th scope="row"><a href="\/sites\/a\.example">a\.example</)
    expect(one).toContain(sha256)
    expect(one).toContain('dowdall')
    expect(one).toContain(`href="/v1/lists/${id}/top.csv.zip"`)
  })

  test('that nobody made have a page that says so', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)

    const [none, unknown, wrong] = await Promise.all([
      pageOf(api, '/lists'),
      api.get('/lists/bcdfghjkmn'),
      api.get("/lists/';DROP", { headers: { Accept: 'text/html' } }),
    ])

    expect(none).toContain('No list is made yet')
    expect([unknown.status, wrong.status]).toEqual([404, 400])
    expect(await wrong.text()).toContain('is no id of a list')
  })
})

describe('a search', () => {
  test('leads to the site whose name it is, else to those with it in theirs', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)
    await log.insert([viewBut(), viewBut({ site: 'another.example' })])

    const exact = await api.get('/search?q=%20A.Example', { redirect: 'manual' })
    const [part, none, hostile] = await Promise.all(
      ['ANOTH', 'zzz', '<script>'].map((q) => pageOf(api, `/search?q=${encodeURIComponent(q)}`)),
    )

    expect([exact.status, exact.headers.get('location')]).toEqual([303, '/sites/a.example'])
    expect(part).toContain('<a href="/sites/another.example">another.example</a>')
    expect(part).not.toContain('/sites/a.example')
    expect(none).toContain('has “zzz” in its name')
    expect(hostile).toContain('&lt;script&gt;')
  })
})

describe('reports of a distribution', () => {
  const { key, sha256 } = newKey()
  const access = accessSettings.parse({ keys: [{ name: 'desk', sha256, scopes: ['reports:read'] }] })
  const asPassword = (password: string) => ({
    headers: { Accept: 'text/html', Authorization: `Basic ${btoa(`me:${password}`)}` },
  })

  test('are shown to who gives a key as the password that the browser asks for', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log, { access, distributions: ['<quiet>'] })
    await log.insert([viewBut({ referer: 'https://from.example/', path: '/<b>' }), viewBut({ status: 404 })])

    const [none, wrong, page, all, unknown, hostile] = await Promise.all([
      api.get('/distributions/docs', { headers: { Accept: 'text/html' } }),
      api.get('/distributions/docs', asPassword(`selvedge_${'x'.repeat(43)}`)),
      api.get('/distributions/docs?days=28', asPassword(key)),
      api.get('/distributions', asPassword(key)),
      api.get('/distributions/nothing', asPassword(key)),
      api.get("/distributions/';DROP", asPassword(key)),
    ])

    expect([none, wrong, page, all, unknown, hostile].map(({ status }) => status)).toEqual([
      401, 401, 200, 200, 404, 400,
    ])
    expect(none.headers.get('www-authenticate')).toMatch(/^Basic realm=/)
    expect(page.headers.get('cache-control')).toMatch(/^private/)
    const text = await page.text()
    expect(text).toMatch(/<dt>Requests<\/dt><dd>2\s*<\/dd>/)
    expect(text).toMatch(/Errors <small>4xx and 5xx<\/small><\/dt><dd>50\.0%/)
    expect(text).toContain('/&lt;b&gt;')
    expect(withoutBreaks(text)).toContain('from.example')
    expect(await all.text()).toContain('&lt;quiet&gt;')
  })

  test('are not for a password that is for somebody in front of us, nor do the pages mind it', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log, { access })

    const answers = await Promise.all(
      ['/', '/distributions'].map((path) => api.get(path, asPassword('their own'))),
    )

    expect(answers.map(({ status }) => status)).toEqual([200, 401])
  })
})

describe('the definitions', () => {
  test('say by which settings sites are ranked', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)

    const page = await pageOf(api, '/definitions')

    expect(page).toMatch(/visitors come from, for a rank<\/th>\s*<td>1 or more</)
    expect(page).toContain('127.0.0.0/24, ::/48')
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
    expect(withoutBreaks(pages[0] ?? '')).toContain('&quot;&gt;&lt;img src=x onerror=alert(1)&gt;&#39;&amp;')
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
  test.each(['/', '/sites/a.example', '/compare?sites=a.example', '/nothing', '/assets/frame.css'])(
    '%s runs no script of its own text and nothing from elsewhere',
    async (path) => {
      await using log = await openAccessLog()
      await using api = await infoApiOn(log)
      await log.insert([viewBut()])

      const response = await api.get(path, { headers: { Accept: 'text/html' } })

      expect(response.headers.get('content-security-policy')).toBe(
        "default-src 'none';style-src 'self';img-src 'self';script-src 'self';connect-src 'self';" +
          "base-uri 'none';form-action 'self';frame-ancestors 'none'",
      )
      expect(response.headers.get('x-content-type-options')).toBe('nosniff')
      expect(response.headers.get('strict-transport-security')).toBeNull()
      expect(await response.text()).not.toMatch(
        /<script(?! type="module" src="\/assets\/)|<style|\sstyle=|\son\w+="|(src|href)="(https?:)?\/\//,
      )
    },
  )

  test('every local link and asset of the pages is there', async () => {
    await using log = await openAccessLog()
    await using api = await infoApiOn(log)
    await log.insert([viewBut()])
    const paths = [
      '/',
      '/sites/a.example',
      '/compare?sites=a.example',
      '/countries',
      '/lists',
      '/definitions',
    ]
    const pages = (await Promise.all(paths.map((path) => pageOf(api, path)))).join()

    const links = new Set([...pages.matchAll(/(?:href|src)="(\/[^"]*)"/g)].map(([, link]) => link ?? ''))
    const statuses = await Promise.all(
      [...links]
        .filter((link) => !link.includes('thumbnail'))
        .map(async (link) => [link, (await api.get(link.replaceAll('&amp;', '&'))).status]),
    )

    // Reports are there for who has a key.
    expect(statuses.filter(([, status]) => status !== 200)).toEqual([['/distributions', 401]])
    expect(links.size).toBeGreaterThan(8)
  })
})

/** Names may go on in another line before their dots. */
function withoutBreaks(page: string): string {
  return page.replaceAll('<wbr>', '')
}

async function pageOf(api: InfoApi, path: string): Promise<string> {
  const response = await api.get(path, { headers: { Accept: 'text/html' } })
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
  return response.text()
}

function finish({ upkeep }: AccessLog) {
  const of = { retentionDays: 36_500, formula: FORMULA }
  return doDailySteps(createUpkeep({ upkeep, layout: {} }), of, NOON)
}

/** Rank, change and site of each row, as they are read out. */
function rowsOf(page = ''): string[] {
  const rows = withoutBreaks(page).matchAll(
    /class="rank">(\d+)<.*?class="change">(.*?)<\/td>.*?class="name"><a [^>]*>([^<]+)/gs,
  )
  return [...rows].map(([, rank, change = '', site]) => {
    const heard = change.replace(/<span aria-hidden="true">.*?<\/span>/gs, '').replace(/<[^>]+>/g, '')
    return [rank, heard.trim(), site].join(' ')
  })
}

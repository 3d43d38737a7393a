import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { keepFrontPages } from '../../analytics/front-page/front-pages.ts'
import { createAsk } from '../../analytics/queries/ask.ts'
import { startSite } from '../thumbnailer/site.ts'
import { type AccessLog, openAccessLog, viewBut } from './access-log.ts'
import { infoApiOn, NOON } from './info-api.ts'

const HOSTILE = `<!doctype html><html lang="he"><title>&lt;/title>&lt;script>alert(1)&lt;/script> \u202Eevil</title>
<meta name=description content='"><img src=x onerror=alert(2)>'>
<script type="application/ld+json">{"@type":"Organization","name":"<b>Owner</b>","email":"a@a.example",
"telephone":"+49 228 1","url":"javascript:alert(3)","address":{"addressLocality":"Bonn & Köln"}}</script>`

const TITLE = '</title><script>alert(1)</script> evil'

/** The info API on a site that answers through what stands in the edge's place. */
function apiOn(log: AccessLog, port: number, now = () => NOON) {
  const edge = { host: '127.0.0.1', httpPort: port }
  const frontPages = { edge, ingest: log.ingest, firstWaitMs: 20_000 }
  return infoApiOn(log, { frontPages, now, alexa: { keys: [], open: true } })
}

describe('what a site says of itself', () => {
  test('is told by the API, by its page without a tag of its own, and to clients of Alexa', async () => {
    await using log = await openAccessLog()
    await using site = await startSite({ '/': HOSTILE })
    await using api = await apiOn(log, site.port)
    await log.insert([viewBut({ host: 'www.a.example' })])

    const { about } = (await api.ask('/v1/sites/a.example')) as { about: object }
    const page = await (await api.get('/sites/a.example')).text()
    const asked = '/api?Action=UrlInfo&Url=a.example&ResponseGroup=SiteData,ContactInfo,Language'
    const xml = await (await api.get(asked)).text()

    expect(about).toEqual({
      lookedAt: '2026-07-25T12:00:00Z',
      url: 'http://www.a.example/',
      title: TITLE,
      description: '"><img src=x onerror=alert(2)>',
      name: null,
      language: 'he',
      contact: {
        owner: '<b>Owner</b>',
        email: 'a@a.example',
        emailFrom: 'organization',
        phone: '+49 228 1',
        url: null,
        address: { street: null, city: 'Bonn & Köln', region: null, postalCode: null, country: null },
      },
    })
    expect(page).toContain('<bdi>&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt; evil</bdi>')
    expect(page).toContain('Bonn &amp; Köln')
    expect(page).not.toMatch(/<script>|<img src=x|<b>Owner|\u202E|javascript:/)
    expect(xml).toContain('<aws:Title>&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt; evil</aws:Title>')
    expect(xml).toContain('<aws:OwnerName>&lt;b&gt;Owner&lt;/b&gt;</aws:OwnerName>')
    expect(xml).toContain('<aws:Email>a@a.example</aws:Email>')
    expect(xml).toContain('<aws:Locale>he</aws:Locale><aws:Encoding>utf-8</aws:Encoding>')
    expect(site.requests).toEqual(['GET www.a.example /'])
  })

  test('is read again when it is a day old, behind the answer, and outlives the program', async () => {
    await using log = await openAccessLog()
    await using site = await startSite({ '/': '<title>old</title><a href=mailto:a@a.example>' })
    const clock = { nowMs: NOON }
    const edge = { host: '127.0.0.1', httpPort: site.port }
    const keep = () =>
      keepFrontPages({
        ask: createAsk(log.query),
        ingest: log.ingest,
        edge,
        log: pino({ level: 'silent' }),
        now: () => clock.nowMs,
        firstWaitMs: 20_000,
      })
    const host = async () => 'www.a.example'
    {
      await using pages = keep()
      expect(await Promise.all([pages.of('a.example', host), pages.of('a.example', host)])).toMatchObject([
        { title: 'old' },
        { title: 'old' },
      ])
    }
    await using pages = keep()
    site.pages['/'] = '<title>new</title><a href=mailto:a@a.example>'

    expect(await pages.of('a.example', host)).toMatchObject({ title: 'old' })
    expect(site.requests).toHaveLength(1)
    clock.nowMs += 86_400_000
    expect(await pages.of('a.example', host)).toMatchObject({ title: 'old' })
    await expect.poll(() => pages.of('a.example', host)).toMatchObject({ title: 'new' })
    expect(site.requests).toHaveLength(2)
  })

  test('is nothing for a site that fails, which is left alone for an hour and then asked again', async () => {
    await using log = await openAccessLog()
    const down = (_: unknown, response: { writeHead(status: number): { end(): void } }) =>
      response.writeHead(503).end()
    await using site = await startSite({ '/': down })
    const clock = { nowMs: NOON }
    await using api = await apiOn(log, site.port, () => clock.nowMs)
    await log.insert([viewBut({ site: '*.odd' }), viewBut()])
    const title = async () => ((await api.ask('/v1/sites/a.example')) as { about: unknown }).about

    expect([await title(), await title()]).toEqual([null, null])
    expect(site.requests).toHaveLength(1)
    site.pages['/'] = '<title>up</title><a href=mailto:a@a.example>'
    clock.nowMs += 3_600_001
    expect(await title()).toMatchObject({ title: 'up' })
  })

  test('is asked of no site that the log doesn’t know', async () => {
    await using log = await openAccessLog()
    await using site = await startSite({ '/': HOSTILE })
    await using api = await apiOn(log, site.port)

    const statuses = [
      await api.get('/v1/sites/never.example'),
      await api.get('/sites/never.example'),
      await api.get('/api?Action=UrlInfo&Url=never.example&ResponseGroup=SiteData'),
    ].map(({ status }) => status)

    expect(statuses).toEqual([404, 404, 200])
    expect(site.requests).toEqual([])
  })
})

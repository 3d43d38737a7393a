/**
 * `npm run show:pages`: fills an embedded ClickHouse with two months of made-up traffic, opens every page in a
 * browser, light and dark, wide and narrow, and writes pictures of them into a folder. Ends with status 1 if a
 * page had a console error, a failed request, words wider than the screen, or broke a serious rule of axe-core.
 */
import { mkdirSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import sharp from 'sharp'
import { accessSettings, SCOPES } from '../../analytics/api/access.ts'
import { doDailySteps } from '../../analytics/daily/steps.ts'
import { createUpkeep } from '../../analytics/daily/upkeep.ts'
import { DAY_MS, dayOf } from '../../analytics/queries/window.ts'
import { formulaOf, rankingSettings } from '../../analytics/ranking/formula.ts'
import { readPriceBook } from '../../analytics/usage/price-book.ts'
import { type AccessLog, openAccessLog, viewsBy } from '../analytics/access-log.ts'
import { infoApiOn, NOON } from '../analytics/info-api.ts'
import { faultsOf, type Screen, showOn } from '../analytics/judged-page.ts'
import { playThumbnailer } from '../analytics/thumbnailer.ts'
import { PEOPLE, type Person, person } from '../deploy/person.ts'
import { startSite } from '../thumbnailer/site.ts'

const DAYS = 60
const SCREENS: Record<string, Screen> = {
  'wide-light': { width: 1_280, scheme: 'light' },
  'wide-dark': { width: 1_280, scheme: 'dark' },
  'narrow-light': { width: 390, scheme: 'light' },
  'narrow-dark': { width: 390, scheme: 'dark' },
}
const formula = formulaOf(rankingSettings.parse({}), new Map())

const { values: options } = parseArgs({ options: { folder: { type: 'string' } } })
const folder = options.folder ?? join(tmpdir(), 'selvedge-pages')
mkdirSync(folder, { recursive: true })

const say = (line: string) => process.stdout.write(`${line}\n`)

/** Made-up traffic, and the rankings and lists of its days. */
async function fill(log: AccessLog): Promise<void> {
  say(`filling ${DAYS} days …`)
  const query = await readFile(new URL('made-up-traffic.sql', import.meta.url), 'utf8')
  await log.ingest.command({ query, query_params: { day: dayOf(NOON), days: DAYS } })
  const upkeep = createUpkeep({ upkeep: log.upkeep, layout: {} })
  // Nine days, one after the other: a list is compared with that of a week before.
  for (let daysAgo = 8; daysAgo >= 0; daysAgo -= 1) {
    say(`rankings until ${dayOf(NOON - (daysAgo + 1) * DAY_MS)} …`)
    await doDailySteps(upkeep, { retentionDays: 36_500, formula }, NOON - daysAgo * DAY_MS)
  }
}

/** A picture of a page that might be: a coloured head, and lines of text. */
async function picture(url: string): Promise<Buffer> {
  const host = new URL(url).searchParams.get('url') ?? ''
  const hue = [...host].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 360, 7)
  const size = { small: [111, 82], large: [201, 147], full: [1024, 768] }[
    new URL(url).searchParams.get('size') ?? 'large'
  ] as [number, number]
  const line = (y: number, width: number) =>
    `<rect x="80" y="${y}" width="${width}" height="22" rx="4" fill="hsl(${hue} 15% 78%)"/>`
  const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="1024" height="768"><rect width="1024" height="768" fill="#fff"/>
<rect width="1024" height="${180 + (hue % 90)}" fill="hsl(${hue} 45% 42%)"/><rect x="80" y="70" width="${260 + hue}" height="48" rx="6" fill="#fff" opacity=".9"/>
${[340, 390, 440, 540, 590, 640].map((y, index) => line(y, 420 + ((hue * (index + 3)) % 400))).join('')}</svg>`
  return sharp(Buffer.from(drawing))
    .resize(...size)
    .webp()
    .toBuffer()
}

/** What one of the sites says of itself. */
const FRONT_PAGE = `<!doctype html><html lang="de"><title>Morgenblatt – Nachrichten aus aller Welt</title>
<meta name="description" content="Unabhängig seit 1871: Politik, Wirtschaft und Kultur, jeden Morgen um sechs. Mit den Beilagen Wetter, Schach und Garten.">
<script type="application/ld+json">{"@type":"NewsMediaOrganization","name":"Morgenblatt Verlag GmbH",
"email":"redaktion@morgenblatt.example","telephone":"+49 228 555 010","url":"https://www.morgenblatt.example/impressum",
"address":{"streetAddress":"Am Markt 1","postalCode":"53111","addressLocality":"Bonn","addressCountry":"Deutschland"}}</script>`

/** Some seconds of people. */
async function bring(log: AccessLog): Promise<void> {
  const sites = [
    'morgenblatt.example',
    'tidewater.example',
    'openatlas.example',
    'lumen.example',
    'quarry.example',
  ]
  for (let tick = 0; tick < 60; tick += 1) {
    await setTimeout(200)
    const rows = sites.flatMap((site, at) => {
      const people = Math.round(12 / (at + 1) + 6 * Math.abs(Math.sin(tick / 4 + at)))
      return viewsBy(people, { site, bytes_sent: 40_000, is_page_view: tick % 3 === 0 })
    })
    await log.insert(rows)
  }
  await setTimeout(3_000)
}

/** Opens pages one after the other and takes their pictures. @returns how many troubles there were */
async function takePictures(
  { viewer, base, traffic }: { viewer: Person; base: string; traffic(): Promise<void> },
  pages: Record<string, string>,
): Promise<number> {
  let troubles = 0
  for (const [name, path] of Object.entries(pages)) {
    const found: string[] = []
    const loud = await viewer.visits('about:blank', PEOPLE[0] as string, async (page) => {
      // Live traffic never ends.
      const isLive = path.startsWith('/live')
      await page.goto(base + path, { waitUntil: isLive ? 'load' : 'networkidle0' })
      if (isLive) await traffic()
      for (const [size, screen] of Object.entries(SCREENS)) {
        await showOn(page, screen)
        await page.screenshot({ path: join(folder, `${name}-${size}.png`), fullPage: true })
        found.push(...(await faultsOf(page)).map((fault) => `${size}: ${fault}`))
      }
    })
    found.push(...loud)
    troubles += found.length
    say(`${name}: ${found.join('; ') || 'fine'}`)
  }
  return troubles
}

/** Pages before anybody came. */
const EMPTY = {
  'empty-top-sites': '/?day=2026-07-20',
  'empty-countries': '/countries',
  'empty-lists': '/lists',
  'empty-compare': '/compare',
  'empty-distribution': '/distributions/quiet',
  'empty-usage': '/usage',
  'empty-usage-of-a-month': '/usage/2026-02',
}

/** Pages with everything on them. @param list id of a stable list */
function fullPages(list: string): Record<string, string> {
  const four = 'tidewater.example,morgenblatt.example,openatlas.example,kettle-and-crumb.example'
  const more =
    'fjordkart.example,lumen.example,parapluie.example,nightbus.example,quarry.example,signalbox.example'
  return {
    'top-sites': '/',
    'top-sites-of-a-day': '/?window=28d&day=2026-07-20',
    site: '/sites/morgenblatt.example',
    'site-long-name': '/sites/an-extraordinarily-long-name-for-a-small-site-about-nothing.example',
    compare: `/compare?sites=${four}`,
    'compare-ranks': `/compare?measure=rank&days=91&sites=${four},${more}`,
    'compare-wrong': '/compare?sites=no%20such,%3Cb%3E,nobody.example',
    countries: '/countries',
    country: '/countries/JP?window=28d',
    lists: '/lists',
    list: `/lists/${list}`,
    definitions: '/definitions',
    search: '/search?q=li',
    distributions: '/distributions?days=28',
    distribution: '/distributions/d2?days=28',
    usage: '/usage',
    'usage-of-a-month': '/usage/2026-06',
    'usage-so-far': '/usage/2026-07',
    'distribution-hours': '/distributions/d2?by=hour',
    'distribution-today': '/distributions/d2?days=1',
    live: '/live',
    'live-site': '/live?site=morgenblatt.example',
  }
}

const startMs = performance.now()
const scratch = await mkdtemp(join(tmpdir(), 'selvedge-show-pages-'))
{
  await using log = await openAccessLog()
  await using thumbnailer = await playThumbnailer(async ({ url = '/' }, response) => {
    response.writeHead(200, { 'Content-Type': 'image/webp' }).end(await picture(`http://thumbnailer${url}`))
  })
  await using site = await startSite({ '/': FRONT_PAGE })
  await using api = await infoApiOn(log, {
    frontPages: {
      edge: { host: '127.0.0.1', httpPort: site.port },
      ingest: log.ingest,
      firstWaitMs: 10_000,
    },
    formula,
    thumbnailerUrl: thumbnailer.url,
    access: accessSettings.parse({ anonymous: SCOPES }),
    distributions: ['d2', 'quiet'],
    prices: await readPriceBook('deploy/prices.example.yaml'),
    // The clock goes on, for live traffic.
    now: () => NOON + performance.now() - startMs,
    live: { lookMs: 2_500, beatMs: 1_000 },
  })
  await using viewer = await person(scratch)

  const of = { viewer, base: api.url, traffic: () => bring(log) }
  let troubles = await takePictures(of, EMPTY)
  await fill(log)
  const { items } = (await api.ask('/v1/lists')) as { items: { id: string }[] }
  const full = fullPages(items[0]?.id ?? '')
  troubles += await takePictures(of, full)
  const pages = Object.keys(EMPTY).length + Object.keys(full).length
  const views = pages * Object.keys(SCREENS).length
  say(
    `${pages} pages, ${views} views judged by axe-core, ${troubles} troubles; the pictures are in ${folder}`,
  )
  process.exitCode = troubles === 0 ? 0 : 1
}
await rm(scratch, { recursive: true, force: true })

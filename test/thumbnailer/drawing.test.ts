import { hash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openAccessLog, viewsBy } from '../analytics/access-log.ts'
import { infoApiOn, NOON } from '../analytics/info-api.ts'
import { KEY, type RunningThumbnailer, startThumbnailer } from './program.ts'
import { type Site, startSite, twoColours } from './site.ts'

let site: Site
let thumbnailer: RunningThumbnailer

beforeAll(async () => {
  site = await startSite({ '/': twoColours() })
  thumbnailer = await startThumbnailer(site)
})

afterAll(async () => {
  await thumbnailer[Symbol.asyncDispose]()
  await site[Symbol.asyncDispose]()
})

function draw(body: string, sha256 = hash('sha256', body)): Promise<Response> {
  const [target, init] = thumbnailer.signed('/drawing', { sha256 }, 'POST')
  return thumbnailer.get(target, { ...init, body })
}

test('a page of our own is drawn, without scripts and without a request', async () => {
  const answer = await draw(`<body style="background:#0f0"><img src="http://docs.example/image">
    <script>document.body.style.background = '#f00'</script>`)
  const picture = Buffer.from(await answer.arrayBuffer())
  const { width, height, format } = await sharp(picture).metadata()

  expect([answer.status, width, height, format]).toEqual([200, 1_200, 630, 'jpeg'])
  expect((await sharp(picture).stats()).dominant.g).toBeGreaterThan(200)
  expect(site.requests).toEqual([])
})

test('what was altered on the way is not drawn, nor what is too large', async () => {
  expect((await draw('<b>', hash('sha256', '<i>'))).status).toBe(401)
  expect((await draw('x'.repeat(1_048_577))).status).toBe(413)
})

test('a card has the figures of a site and its picture', async () => {
  await using log = await openAccessLog()
  const time = new Date().toISOString().slice(0, 19).replace('T', ' ')
  await log.insert(viewsBy(3, { time, host: 'docs.example', site: 'docs.example' }))
  await using api = await infoApiOn(log, { key: KEY, thumbnailerUrl: thumbnailer.url, now: () => NOON })
  // The instant of signatures is the API's: the thumbnailer's clock is today's.
  await using today = await infoApiOn(log, { key: KEY, thumbnailerUrl: thumbnailer.url, now: Date.now })
  await today.get('/v1/sites/docs.example/thumbnail?wait=1')

  const [card, again] = [
    await today.get('/v1/sites/docs.example/card'),
    await today.get('/v1/sites/docs.example/card'),
  ]
  const unknown = await api.get('/v1/sites/unknown.example/card')

  const picture = Buffer.from(await card.arrayBuffer())
  if (process.env.CARD_TO !== undefined) writeFileSync(process.env.CARD_TO, picture)
  expect([card.status, card.headers.get('content-type')]).toEqual([200, 'image/jpeg'])
  expect(again.headers.get('etag')).toBe(card.headers.get('etag'))
  expect(unknown.status).toBe(404)
  // On the right is the picture: half red, half blue.
  const right = await sharp(picture).extract({ left: 620, top: 200, width: 100, height: 200 }).toBuffer()
  expect((await sharp(right).stats()).dominant.r).toBeGreaterThan(200)
})

import { isbot } from 'isbot'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RunningThumbnailer, startThumbnailer } from './program.ts'
import { type Site, startSite, twoColours } from './site.ts'

let site: Site
let thumbnailer: RunningThumbnailer
let userAgent: string | undefined

beforeAll(async () => {
  site = await startSite({
    '/': (request, response) => {
      userAgent = request.headers['user-agent']
      response.writeHead(200, { 'Content-Type': 'text/html' }).end(twoColours())
    },
    '/text': '<body style="margin:0;font-size:400px;line-height:400px;color:#000;background:#fff">MMMM',
    '/tall':
      '<body style="margin:0"><div style="height:768px;background:#0f0"></div><div style="height:9000px;background:#f00">',
  })
  thumbnailer = await startThumbnailer(site)
})

afterAll(async () => {
  await thumbnailer[Symbol.asyncDispose]()
  await site[Symbol.asyncDispose]()
})

/** Colour at a place of the picture, as shares of its width and height. */
async function colourAt(picture: Uint8Array, x: number, y: number): Promise<number[]> {
  const { data, info } = await sharp(picture).raw().toBuffer({ resolveWithObject: true })
  const at = (Math.floor(y * info.height) * info.width + Math.floor(x * info.width)) * info.channels
  return [...data.subarray(at, at + 3)]
}

const near = (colour: number[]) =>
  colour.map((value) => expect.toSatisfy((got: number) => Math.abs(got - value) < 12))

describe('a picture of a page', () => {
  test.each([
    ['small', 111, 82],
    ['large', 201, 147],
    ['full', 1024, 768],
  ])('%s is %i×%i and shows what is where', async (size, width, height) => {
    const answer = await thumbnailer.ask({ url: 'http://docs.example/', size })
    const picture = new Uint8Array(await answer.arrayBuffer())

    expect(answer.status).toBe(200)
    const { width: w, height: h, format, exif, icc } = await sharp(picture).metadata()
    expect({ w, h, format, exif, icc }).toEqual({
      w: width,
      h: height,
      format: 'jpeg',
      exif: undefined,
      icc: undefined,
    })
    expect(await colourAt(picture, 0.25, 0.5)).toEqual(near([255, 0, 0]))
    expect(await colourAt(picture, 0.75, 0.5)).toEqual(near([0, 0, 255]))
  })

  test('WebP is for who names it', async () => {
    const format = async (accept: string) => {
      const answer = await thumbnailer.ask({ url: 'http://docs.example/' }, { headers: { Accept: accept } })
      expect(answer.headers.get('vary')).toBe('Accept')
      const type = (await sharp(await answer.arrayBuffer()).metadata()).format
      expect(answer.headers.get('content-type')).toBe(`image/${type}`)
      return type
    }

    expect(await format('image/avif,image/webp,image/*;q=0.8')).toBe('webp')
    expect(await format('*/*')).toBe('jpeg')
    expect(await format('image/webp;q=0, image/jpeg')).toBe('jpeg')
  })

  test('letters are drawn with a font', async () => {
    const answer = await thumbnailer.ask({ url: 'http://docs.example/text', size: 'full' })
    const { channels } = await sharp(await answer.arrayBuffer()).stats()

    expect(channels[0]?.min).toBeLessThan(10)
    expect(channels[0]?.mean).toBeGreaterThan(60)
    expect(channels[0]?.mean).toBeLessThan(240)
  })

  test('a tall page is shown from its top', async () => {
    const answer = await thumbnailer.ask({ url: 'http://docs.example/tall', size: 'large' })
    const picture = new Uint8Array(await answer.arrayBuffer())

    expect(await colourAt(picture, 0.5, 0.02)).toEqual(near([0, 255, 0]))
    expect(await colourAt(picture, 0.5, 0.98)).toEqual(near([0, 255, 0]))
  })

  test('the page is asked for by a bot that says so', () => {
    expect(userAgent).toMatch(/^Mozilla\/5\.0 .* Chrome\/\d+\.0\.0\.0 .* SelvedgeThumbnailer\/1\.0 \(bot\)$/)
    expect(isbot(userAgent)).toBe(true)
  })
})

describe('how pictures are kept by who asks', () => {
  test('a known picture is 304 by its tag or its date, the tag outweighing the date', async () => {
    const url = 'http://docs.example/'
    const first = await thumbnailer.ask({ url })
    const etag = first.headers.get('etag') as string
    const rendered = first.headers.get('last-modified') as string
    const status = async (headers: Record<string, string>) =>
      (await thumbnailer.ask({ url }, { headers })).status

    expect(Date.parse(rendered)).toBeLessThanOrEqual(Date.now())
    expect(await status({ 'If-None-Match': `"other", W/${etag}` })).toBe(304)
    expect(await status({ 'If-None-Match': '"other"', 'If-Modified-Since': rendered })).toBe(200)
    expect(await status({ 'If-Modified-Since': rendered })).toBe(304)
    expect(await status({ 'If-Modified-Since': new Date(0).toUTCString() })).toBe(200)
  })

  test('the answer says how long it is fresh', async () => {
    const answer = await thumbnailer.ask({ url: 'http://docs.example/', rank: '1' })

    const [, seconds] = /^public, max-age=(\d+), stale-while-revalidate=86400$/.exec(
      answer.headers.get('cache-control') ?? '',
    ) as RegExpExecArray
    expect(Number(seconds)).toBeGreaterThan(86_000)
    expect(Number(seconds)).toBeLessThanOrEqual(86_400)
  })

  test('HEAD has the head of GET', async () => {
    const url = 'http://docs.example/'
    const [got, head] = [await thumbnailer.ask({ url }), await thumbnailer.ask({ url }, { method: 'HEAD' })]

    expect(head.headers.get('content-length')).toBe(String((await got.arrayBuffer()).byteLength))
    expect(head.headers.get('etag')).toBe(got.headers.get('etag'))
    expect((await head.arrayBuffer()).byteLength).toBe(0)
  })
})

describe('one render for all', () => {
  test('50 who ask for a new page at once wait for the same render', async () => {
    site.pages['/new'] = twoColours('#123456')

    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, at) =>
        thumbnailer.ask({ url: 'http://a.sites.example/new', size: at % 2 === 0 ? 'small' : 'large' }),
      ),
    )

    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200))
    expect(site.requests.filter((line) => line.endsWith('/new'))).toEqual(['GET a.sites.example /new'])
  })

  test('a kept picture needs no render, whoever asks later', async () => {
    await thumbnailer.ask({ url: 'http://docs.example/#part' })
    await thumbnailer.ask({ url: 'http://docs.example/' })

    expect(site.requests.filter((line) => line === 'GET docs.example /')).toHaveLength(1)
  })
})

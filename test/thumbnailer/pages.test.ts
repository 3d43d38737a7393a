import type { IncomingMessage } from 'node:http'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RunningThumbnailer, startThumbnailer } from './program.ts'
import { type Answer, type Site, startSite } from './site.ts'

let site: Site
let thumbnailer: RunningThumbnailer
let asked: IncomingMessage

const GREEN =
  '<svg xmlns="http://www.w3.org/2000/svg" width="1024" height="768"><rect width="1024" height="768" fill="#0f0"/></svg>'
const red = (style: string, id = '') => `<div ${id} style="position:fixed;inset:0;background:#f00;${style}">`
const prose = 'The path leaves the road behind the chapel and climbs through beech wood. '.repeat(6)

const image: Answer = (_, response) =>
  void setTimeout(() => response.writeHead(200, { 'Content-Type': 'image/svg+xml' }).end(GREEN), 300)

const text =
  (type: string, body: string): Answer =>
  (_, response) =>
    response.writeHead(200, { 'Content-Type': type }).end(body)

/** A word as large as the window, in one script. */
const word = (lang: string, letters: string) =>
  `<html lang="${lang}"><meta charset="utf-8"><body style="margin:0;font:600px/768px sans-serif;overflow:hidden">${letters}`

/** Green is what a picture must show; what must not be seen is red. */
const green: Record<string, string> = {
  '/by-a-vendor': `<body style="margin:0;background:#0f0">${prose}${red('', 'id="onetrust-banner-sdk"')}We value your privacy</div>`,
  '/of-its-own': `<body style="margin:0;background:#0f0;overflow:hidden">${prose}${red('')}</div>${red('')}Wir verwenden Cookies <button>OK</button></div>`,
  '/as-a-dialog': `<body style="margin:0;background:#0f0">${prose}<dialog id="d" style="width:100%;height:100%;background:#f00">Sign up to our letter!</dialog><script>d.showModal()</script>`,
  '/fades-in': `<body style="background:#f00"><style>@keyframes in { from { opacity: 0 } }</style><div style="position:fixed;inset:0;background:#0f0;animation:60s in 1s both">`,
  '/fades-over': `<body style="background:#f00"><div id="d" style="position:fixed;inset:0;background:#0f0;opacity:0;transition:60s"></div><script>onload = () => requestAnimationFrame(() => (d.style.opacity = 1))</script>`,
  '/waits-for-scrolling': `<body style="margin:0;background:#f00"><img id="i" width="1024" height="768"><script>addEventListener('scroll', () => (i.src = '/image'), { once: true })</script>`,
  '/waits-to-be-seen': `<body style="margin:0;background:#f00"><img loading="lazy" data-src="/image" width="1024" height="768">`,
  '/is-late': `<body style="background:#f00;margin:0"><script>fetch('/image').then(() => setTimeout(() => (document.body.style.background = '#0f0'), 300))</script>`,
}

beforeAll(async () => {
  site = await startSite({
    ...green,
    '/image': image,
    '/asks': (request, response) => {
      asked = request
      response.writeHead(200, { 'Content-Type': 'text/html' })
      response.end(
        '<script>document.title = navigator.language + " " + navigator.globalPrivacyControl</script>',
      )
    },
    '/scheme': `<style>html { background: #f00 } @media (prefers-color-scheme: dark) { html { background: #0f0 } }</style>`,
    '/script': `<body style="background:#0f0"><script>document.body.style.background = '#f00'</script>`,
    '/long': `<body style="margin:0"><div style="height:2000px;background:#f00"></div><img src="/image" loading="lazy" style="display:block" width="1024" height="768">`,
    '/endless': `<body style="margin:0"><div style="height:1000000px;background:#0f0">`,
    '/login': '<title>Sign in</title><form>Name <input> Password <input type="password"><button>Go</button>',
    '/parked': '<h1>roses.example</h1>This domain is for sale',
    '/nothing': '<!doctype html><title>Nothing</title>',
    '/guard': '<title>Just a moment...</title>Checking your browser',
    '/data': text('application/json', '{"a":[1,2,{"b":"<script>alert(1)</script>"}]}'),
    '/broken-data': text('application/json', '{"a":'),
    '/plain': text('text/plain', 'A radio play in one act'),
    '/pdf': text('application/pdf', '%PDF-1.7\n'),
    '/movie': text('video/mp4', ''),
    '/tofu': word('en', '\u{10ffff}'),
    '/ja': word('ja', '東'),
    '/zh': word('zh', '视'),
    '/ko': word('ko', '한'),
    '/ar': word('ar', 'ش'),
    '/he': word('he', 'ש'),
    '/hi': word('hi', 'ष'),
    '/emoji': word('en', '🍅'),
  })
  thumbnailer = await startThumbnailer(site, { rendersPerSite: 1_000 })
})

afterAll(async () => {
  await thumbnailer[Symbol.asyncDispose]()
  await site[Symbol.asyncDispose]()
})

const ask = (path: string, but: Record<string, string> = {}) =>
  thumbnailer.ask({ url: `http://docs.example${path}`, ...but })

/** Shares of the picture that are green and red. */
async function seenOn(answer: Response): Promise<'green' | 'red' | 'mixed'> {
  const { dominant } = await sharp(await answer.arrayBuffer()).stats()
  if (dominant.r < 40 && dominant.g > 200) return 'green'
  return dominant.r > 200 && dominant.g < 40 ? 'red' : 'mixed'
}

const sizeOf = async (answer: Response) => {
  const { width, height } = await sharp(await answer.arrayBuffer()).metadata()
  return [width, height]
}

describe('what is brought about before a picture is taken', () => {
  test.each(Object.keys(green))('%s', async (path) => {
    expect(await seenOn(await ask(path))).toBe('green')
  })
})

describe('how a page may be looked at', () => {
  test('language and privacy are told in the request and in the page', async () => {
    await ask('/asks', { language: 'de-CH,de;q=0.8' })
    const history = await thumbnailer.get(
      ...thumbnailer.signed('/history', { url: 'http://docs.example/asks', language: 'de-CH,de;q=0.8' }),
    )

    expect(asked.headers['accept-language']).toBe('de-CH,de;q=0.8')
    expect(asked.headers['sec-gpc']).toBe('1')
    expect(await history.json()).toMatchObject({ versions: [{ title: 'de-CH true' }] })
  })

  test('light or dark, scripts or none, each kept by itself', async () => {
    expect(await seenOn(await ask('/scheme', { scheme: 'dark' }))).toBe('green')
    expect(await seenOn(await ask('/scheme'))).toBe('red')
    expect(await seenOn(await ask('/script', { javascript: 'off' }))).toBe('green')
    expect(await seenOn(await ask('/script'))).toBe('red')
  })

  test('another window', async () => {
    expect(await sizeOf(await ask('/scheme', { viewport: '375x812', size: 'full' }))).toEqual([375, 812])
  })

  test('the whole page, lazy images at its end too, down to a bound', async () => {
    const whole = await ask('/long', { extent: 'page', size: 'full', format: 'png' })
    const picture = Buffer.from(await whole.arrayBuffer())
    const { width, height } = await sharp(picture).metadata()
    const end = await sharp(picture).extract({ left: 0, top: 2_100, width: 1_024, height: 600 }).toBuffer()

    expect([width, height]).toEqual([1_024, 2_768])
    expect((await sharp(end).stats()).dominant.g).toBeGreaterThan(200)
    expect(await sizeOf(await ask('/endless', { extent: 'page', size: 'full' }))).toEqual([1_024, 8_000])
  })

  test('two pixels for each of CSS are sharp: hairlines stay black and white', async () => {
    site.pages['/hairlines'] =
      '<body style="margin:0;height:768px;background:repeating-linear-gradient(#000 0 .5px,#fff .5px 1px)">'
    const answer = await ask('/hairlines', { size: 'full', scale: '2', format: 'png' })
    const picture = Buffer.from(await answer.arrayBuffer())
    const { channels } = await sharp(picture).stats()

    expect(await sizeOf(new Response(picture))).toEqual([2_048, 1_536])
    expect(channels[0]?.stdev).toBeGreaterThan(90)
  })

  test.each([
    ['viewport', '100x100'],
    ['viewport', '99999x1'],
    ['scheme', 'blue'],
    ['language', 'en\r\nX: y'],
    ['javascript', 'maybe'],
    ['extent', 'all'],
    ['scale', '3'],
    ['format', 'gif'],
    ['version', '../../etc/passwd'],
  ])('%s=%j is refused, by name', async (name, value) => {
    const answer = await ask('/scheme', { [name]: value })

    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({
      code: 'bad-parameter',
      detail: expect.stringContaining(`${name}:`),
    })
  })
})

describe('what came', () => {
  test.each([
    ['/login', 'login'],
    ['/parked', 'parking'],
    ['/nothing', 'blank'],
    ['/data', 'document'],
    ['/broken-data', 'document'],
    ['/plain', 'document'],
    ['/image', 'document'],
    ['/fades-in', 'blank'],
  ])('%s is said to be %s', async (path, kind) => {
    const answer = await ask(path)

    expect([answer.status, answer.headers.get('selvedge-kind')]).toEqual([200, kind])
  })

  test.each([
    ['/pdf', 422, 'no-page'],
    ['/movie', 422, 'no-page'],
    ['/guard', 502, 'site-guarded'],
    ['/missing', 502, 'site-error'],
  ])('%s gives no picture: %i %s', async (path, status, code) => {
    const answer = await ask(path)

    expect(answer.status).toBe(status)
    expect(await answer.json()).toMatchObject({ code })
  })

  test('a page that shows nothing any more keeps its last picture', async () => {
    site.pages['/fading'] = '<body style="background:linear-gradient(#f00,#00f)">Here I am'
    const first = await ask('/fading')
    site.pages['/fading'] = '<!doctype html>'
    await thumbnailer.get(...thumbnailer.signed('/refresh', { url: 'http://docs.example/fading' }, 'POST'))
    const history = async () =>
      (await thumbnailer.get(...thumbnailer.signed('/history', { url: 'http://docs.example/fading' }))).json()
    await expect.poll(history, { timeout: 20_000 }).toMatchObject({ failure: { code: 'site-blank' } })

    expect((await ask('/fading')).headers.get('etag')).toBe(first.headers.get('etag'))
  })
})

describe('fonts', () => {
  test.each(['/ja', '/zh', '/ko', '/ar', '/he', '/hi', '/emoji'])(
    '%s has letters of its own',
    async (path) => {
      const shape = async (of: string) => {
        const picture = await (await ask(of, { size: 'large', format: 'png' })).arrayBuffer()
        return sharp(picture).greyscale().raw().toBuffer()
      }
      const [letters, tofu] = [await shape(path), await shape('/tofu')]
      const unlike = letters.filter((value, at) => Math.abs(value - (tofu[at] ?? 0)) > 60).length

      expect(unlike / letters.length).toBeGreaterThan(0.03)
      expect(letters.filter((value) => value < 160).length / letters.length).toBeGreaterThan(0.01)
    },
  )
})

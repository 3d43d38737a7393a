import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RunningThumbnailer, startThumbnailer } from './program.ts'
import { type Answer, type Site, startSite, twoColours } from './site.ts'

/** Green is what a picture must show: a page that is not green is the wrong one, or too early. */
const GREEN = '<style>html { background: #00ff00 }</style>'
const RED = '<style>html { background: #ff0000 }</style>'

const script = (code: string) => `<script>${code}</script>`

/** Never answered, so whoever waits for it never is quiet. */
const never: Answer = () => undefined

const pages: Record<string, Answer> = {
  '/never': never,
  '/green': GREEN,
  '/alerts': `${GREEN}${script("alert(1); confirm(2); prompt(3); addEventListener('load', () => alert(4))")}`,
  '/before-unload': `${GREEN}${script("addEventListener('beforeunload', (event) => event.preventDefault())")}`,
  '/image-never-comes': `${GREEN}<img src="/never">`,
  '/polls-for-ever': `${GREEN}${script("(async () => { for (;;) await fetch('/green') })()")}`,
  '/opens-windows': `${GREEN}${script("for (let at = 0; at < 20; at++) window.open('/green?' + at)")}`,
  '/drawn-late': `${RED}${script("fetch('/green').then(() => (document.documentElement.style.background = '#00ff00'))")}`,
  '/refresh': `${RED}<meta http-equiv="refresh" content="0; url=/green">`,
  '/script-moves-on': `${RED}${script("location = '/green'")}`,
  '/drips': (_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/html' })
    response.write(GREEN)
    const timer = setInterval(() => response.write('.'), 100)
    response.once('close', () => clearInterval(timer))
  },
  '/moves': `<style>html { animation: 60s linear colours; background: #00ff00 }
    @media (prefers-reduced-motion: no-preference) { html { background: #ff0000 } }</style>`,
}

/** Would keep a browser for themselves. */
const hostile: Record<string, Answer> = {
  '/computes-for-ever': `${GREEN}${script('for (;;);')}`,
  '/alerts-for-ever': `${GREEN}${script('for (;;) alert(1)')}`,
  '/frames-itself': `${GREEN}<iframe src="http://a.sites.example/frames-itself"></iframe>`.repeat(3),
  '/is-encoded-wrongly': (_, response) =>
    void response.writeHead(200, { 'Content-Type': 'text/html', 'Content-Encoding': 'gzip' }).end(GREEN),
}

let site: Site
let thumbnailer: RunningThumbnailer

/** All pages are asked for at once: odd ones must not be in the way of each other either. */
const answers: Record<string, Response> = {}
let tookMs = 0

beforeAll(async () => {
  site = await startSite({ ...pages, ...hostile })
  thumbnailer = await startThumbnailer(site, { concurrency: 5, loadSecondsMax: 1.5, renderSecondsMax: 12 })
  const begunMs = performance.now()
  await Promise.all(
    Object.keys(site.pages).map(async (path) => {
      answers[path] = await thumbnailer.ask({ url: `http://docs.example${path}` })
    }),
  )
  tookMs = performance.now() - begunMs
})

afterAll(async () => {
  await thumbnailer[Symbol.asyncDispose]()
  await site[Symbol.asyncDispose]()
})

describe('pages that are in the way of a picture', () => {
  const paths = Object.keys(pages).filter((path) => path !== '/never')

  test.each(paths)('%s gives one all the same', async (path) => {
    const answer = answers[path] as Response

    expect(answer.status).toBe(200)
    const { dominant } = await sharp(await answer.arrayBuffer()).stats()
    expect([dominant.r < 16, dominant.g > 240, dominant.b < 16]).toEqual([true, true, true])
  })

  test('a site that never answers is 504', async () => {
    const answer = answers['/never'] as Response

    expect(answer.status).toBe(504)
    expect(await answer.json()).toMatchObject({ code: 'site-too-slow' })
  })
})

describe('pages that would keep a browser for themselves', () => {
  test.each(Object.keys(hostile))('%s ends within its bound', (path) => {
    expect([200, 502, 504]).toContain(answers[path]?.status)
    expect(tookMs).toBeLessThan(25_000)
  })

  test('the next page is rendered by the same browser', async () => {
    site.pages['/next'] = twoColours()

    expect((await thumbnailer.ask({ url: 'http://docs.example/next' })).status).toBe(200)
    expect(await thumbnailer.metric('selvedge_thumbnailer_browser_starts_total{because="lost"}')).toBe(0)
  })
})

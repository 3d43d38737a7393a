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

let site: Site
let thumbnailer: RunningThumbnailer

beforeAll(async () => {
  site = await startSite(pages)
  thumbnailer = await startThumbnailer(site, { concurrency: 4, loadSecondsMax: 1.5, renderSecondsMax: 9 })
})

afterAll(async () => {
  await thumbnailer[Symbol.asyncDispose]()
  await site[Symbol.asyncDispose]()
})

describe('pages that are in the way of a picture', { concurrent: true }, () => {
  const paths = Object.keys(pages).filter((path) => path !== '/never')

  test.each(paths)('%s gives one all the same', async (path) => {
    const answer = await thumbnailer.ask({ url: `http://docs.example${path}` })

    expect(answer.status).toBe(200)
    const { dominant } = await sharp(await answer.arrayBuffer()).stats()
    expect(dominant).toEqual({
      r: expect.closeTo(8, -1.5),
      g: expect.closeTo(248, -1.5),
      b: expect.closeTo(8, -1.5),
    })
  })

  test('a site that never answers is 504', async () => {
    const answer = await thumbnailer.ask({ url: 'http://docs.example/never' })

    expect(answer.status).toBe(504)
    expect(await answer.json()).toMatchObject({ code: 'site-too-slow' })
  })
})

describe('pages that would keep a browser for themselves', { concurrent: true }, () => {
  test.each([
    ['computes for ever', `${GREEN}${script('for (;;);')}`],
    ['alerts for ever', `${GREEN}${script('for (;;) alert(1)')}`],
    [
      'is encoded wrongly',
      ((_, response) =>
        response
          .writeHead(200, { 'Content-Type': 'text/html', 'Content-Encoding': 'gzip' })
          .end(GREEN)) as Answer,
    ],
  ])('one that %s ends within its bound, and the next page is rendered', async (what, answer) => {
    const path = `/${what.replaceAll(' ', '-')}`
    site.pages[path] = answer
    site.pages[`${path}/next`] = twoColours()
    const begunMs = performance.now()

    const hostile = thumbnailer.ask({ url: `http://docs.example${path}` })
    const next = await thumbnailer.ask({ url: `http://docs.example${path}/next` })
    await hostile

    expect(next.status).toBe(200)
    expect(performance.now() - begunMs).toBeLessThan(20_000)
  })
})

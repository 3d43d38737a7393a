import { expect, test } from 'vitest'
import { descendantsOf, isRunning, startThumbnailer } from './program.ts'
import { startSite, twoColours } from './site.ts'

const url = (path: string) => `http://docs.example${path}`

test('a page that takes all memory is ended, is told so, and its browser goes on', async () => {
  await using site = await startSite({
    // It has loaded when it is too heavy already: else a busy machine might take its picture before that.
    '/hog': `<p>a page<script>const all = []; const more = () => all.push(new Uint8Array(64e6).fill(1))
      while (all.length < 12) more()
      setInterval(more, 20)</script>`,
    '/next': twoColours(),
  })
  await using thumbnailer = await startThumbnailer(site, { pageMegabytesMax: 400 })

  const hog = await thumbnailer.ask({ url: url('/hog') })
  const next = await thumbnailer.ask({ url: url('/next') })

  expect(hog.status).toBe(422)
  expect(await hog.json()).toMatchObject({ code: 'site-too-heavy' })
  // It is not tried again at once.
  const again = await thumbnailer.ask({ url: url('/hog') })
  expect(Number(again.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(next.status).toBe(200)
  expect(await thumbnailer.metric('selvedge_thumbnailer_browser_starts_total{because="lost"}')).toBe(0)
})

test('a browser that has grown too large is replaced between pages', async () => {
  await using site = await startSite({ '/': twoColours(), '/next': twoColours('#00ff00') })
  await using thumbnailer = await startThumbnailer(site, {
    browserMegabytesMax: 10,
    pageMegabytesMax: 4_000,
  })
  const before = descendantsOf(thumbnailer.pid)

  // Any page makes it larger than that.
  expect((await thumbnailer.ask({ url: url('/') })).status).toBe(200)
  const replaced = () => thumbnailer.metric('selvedge_thumbnailer_browser_starts_total{because="recycled"}')
  await expect.poll(replaced, { timeout: 30_000 }).toBeGreaterThan(0)

  await expect.poll(() => before.filter(({ pid }) => isRunning(pid)), { timeout: 20_000 }).toEqual([])
  expect((await thumbnailer.ask({ url: url('/next') })).status).toBe(200)
})

test('what a page may have of the network is bounded', async () => {
  await using site = await startSite({
    '/': (_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/html' })
      const chunk = Buffer.alloc(262_144, ' ')
      const send = () => {
        while (!response.destroyed && response.write(chunk));
      }
      response.on('drain', send)
      send()
    },
  })
  await using thumbnailer = await startThumbnailer(site, { egress: { megabytesMax: 2 } })

  const answer = await thumbnailer.ask({ url: url('/') })

  expect(answer.status).toBe(422)
  expect(await answer.json()).toMatchObject({ code: 'site-too-heavy' })
  const bytes = await thumbnailer.metric('selvedge_thumbnailer_egress_bytes_total')
  expect(bytes).toBeGreaterThan(2 * 1_048_576)
  expect(bytes).toBeLessThan(8 * 1_048_576)
})

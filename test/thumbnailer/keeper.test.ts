import type { Browser } from 'puppeteer-core'
import { expect, test } from 'vitest'
import {
  BrowserEnded,
  type BrowserKeeper,
  BrowserUnavailable,
  keepBrowser,
} from '../../thumbnailer/browser/keeper.ts'
import type { RunningBrowser } from '../../thumbnailer/browser/start.ts'

/** A browser that is only there until it is ended. */
interface Pretended extends RunningBrowser {
  kill(): void
}

function pretendedBrowser(): Pretended {
  const ended = Promise.withResolvers<void>()
  const browser = { connected: true }
  const kill = () => {
    browser.connected = false
    ended.resolve()
  }
  return {
    browser: browser as unknown as Browser, // nothing else of it is asked for
    pid: 2 ** 30, // there is none
    ended: ended.promise,
    kill,
    async [Symbol.asyncDispose]() {
      kill()
    },
  }
}

/** A keeper, and the browsers that it started. */
function world(): { keeper: BrowserKeeper; started: Pretended[] } {
  const started: Pretended[] = []
  const keeper = keepBrowser({
    start: async () => {
      const browser = pretendedBrowser()
      started.push(browser)
      return browser
    },
    ...{ rendersMax: 100, bytesMax: 1e9, processBytesMax: 1e9 },
    ...{ onStart: () => undefined, onLost: () => undefined, onHeavy: () => undefined },
  })
  return { keeper, started }
}

/** Work that ends the browser it is given, as a page may. */
const deadly =
  (started: readonly Pretended[]) =>
  async ({ browser }: { browser: Browser }) => {
    started.find((one) => one.browser === browser)?.kill()
    throw new Error('the pipe broke')
  }

test('who ends every browser is known, and those who were in the first one with it are not harmed', async () => {
  const { keeper, started } = world()
  await using _ = keeper
  const killed = Promise.withResolvers<void>()
  let visits = 0
  const innocent = keeper.use(async ({ browser }) => {
    visits += 1
    if (visits === 1) await killed.promise
    if (!browser.connected) throw new Error('the pipe broke')
    return 'a picture'
  })

  const guilty = keeper.use(deadly(started))
  await expect.poll(() => started[0]?.browser.connected).toBe(false)
  killed.resolve()

  await expect(guilty).rejects.toBeInstanceOf(BrowserEnded)
  expect(await innocent).toBe('a picture')
  expect(visits).toBe(2)
})

test('a browser that somebody else killed is nobody’s fault, and the new one goes on for all', async () => {
  const { keeper, started } = world()
  await using _ = keeper
  let visits = 0
  const done = await keeper.use(async ({ browser }) => {
    visits += 1
    if (visits > 1) return 'a picture'
    return deadly(started)({ browser })
  })

  expect(done).toBe('a picture')
  await keeper.use(async ({ browser }) => expect(browser).toBe(started[1]?.browser))
  expect(started).toHaveLength(2)
})

test('a browser that does not start is no page’s fault', async () => {
  await using keeper = keepBrowser({
    start: async () => {
      throw new Error('no such program')
    },
    ...{ rendersMax: 100, bytesMax: 1e9, processBytesMax: 1e9 },
    ...{ onStart: () => undefined, onLost: () => undefined, onHeavy: () => undefined },
  })

  await expect(keeper.use(async () => 1)).rejects.toBeInstanceOf(BrowserUnavailable)
})

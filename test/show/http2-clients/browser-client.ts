import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { CDPSession, Page } from 'puppeteer-core'
import { startTrustingBrowser } from '../../bench/page/browser.ts'
import { loadPage } from '../../bench/page/load-page.ts'
import { SUB_RESOURCES } from '../../bench/page/page-origin.ts'
import { findTool, ToolMissing } from '../../bench/tools.ts'
import { CANCELLED, type Candidate, type Client, must, uploadBytes, type World } from './client.ts'
import { DOWNLOAD_BYTES, downloadSum } from './origin.ts'

/** The browser that comes from npm. */
export const NPM_BROWSER: Candidate = {
  name: 'npm’s Chromium',
  start: (world) => browserClient(world, 'npm', undefined),
}

/** Debian's. */
export const DEBIAN_BROWSER: Candidate = {
  name: 'Debian’s Chromium',
  start(world) {
    const program = findTool('chromium')
    if (program === undefined) throw new ToolMissing('chromium', 'a client', 'chromium')
    return browserClient(world, 'deb', program)
  },
}

async function browserClient(world: World, id: string, program: string | undefined): Promise<Client> {
  const running = await startTrustingBrowser(join(world.folder, id), program)
  const version = await running.browser.version()
  const page = await running.browser.newPage()
  await page.goto(`${world.url}/page`, { waitUntil: 'load' })
  return {
    name: `${id}: ${version.replace('HeadlessChrome', 'Chromium')}`,
    tasks: {
      async page() {
        const { parts, protocols, loadMs } = await loadPage(running.browser, `${world.url}/page`)
        must(parts === SUB_RESOURCES && protocols.join() === 'h2', `${parts} parts by ${protocols.join()}`)
        return `${parts} parts, load event at ${Math.round(loadMs)} ms`
      },
      upload: () => upload(page, world),
      download: () => download(page),
      range: () => range(page),
      cancelled: () => cancelled(page),
      websocket: async () => websocket(page, await page.createCDPSession(), world),
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  }
}

/**
 * Has a page do something that may take longer than one command to the browser may.
 *
 * @param act a function's text, whose promise is waited for
 */
async function done<T>(page: Page, act: string): Promise<T> {
  await page.evaluate(
    `globalThis.outcome = undefined; void (${act})().then((value) => { globalThis.outcome = { value } }, (error) => { globalThis.outcome = { error: String(error) } })`,
  )
  for (;;) {
    const outcome = (await page.evaluate('globalThis.outcome')) as { value: T; error?: string } | undefined
    if (outcome?.error !== undefined) throw new Error(outcome.error)
    if (outcome !== undefined) return outcome.value
    await pause(100)
  }
}

async function upload(page: Page, { upload: wanted }: World): Promise<string> {
  // A blob: bytes would be told us over the pipe, too.
  const body = `new Blob([(${uploadBytes})(${wanted.bytes})])`
  const said = await done<string>(
    page,
    `async () => (await fetch('/upload', { method: 'POST', body: ${body} })).text()`,
  )
  must(said === wanted.hash, `the origin got other bytes: ${said.slice(0, 80)}`)
  return 'the same bytes'
}

async function download(page: Page): Promise<string> {
  const act = async () => {
    let [bytes, sum] = [0, 0]
    const { body } = await fetch('/download')
    for await (const chunk of body ?? []) {
      bytes += chunk.byteLength
      let piece = 0
      for (let at = 0; at < chunk.byteLength; at += 1) piece += chunk[at] as number
      sum = (sum + piece) % 2 ** 32
    }
    return { bytes, sum }
  }
  const got = await done<{ bytes: number; sum: number }>(page, String(act))
  must(got.bytes === DOWNLOAD_BYTES, `${got.bytes} bytes came`)
  must(got.sum === downloadSum(), 'other bytes came')
  return 'as many bytes, of the same sum'
}

async function range(page: Page): Promise<string> {
  const got = await page.evaluate(async () => {
    const response = await fetch('/kept', { headers: { range: 'bytes=500000-501023' }, cache: 'no-store' })
    return { status: response.status, bytes: (await response.arrayBuffer()).byteLength }
  })
  must(got.status === 206 && got.bytes === 1_024, `status ${got.status}, ${got.bytes} bytes`)
  return '1,024 bytes'
}

async function cancelled(page: Page): Promise<string> {
  const act = async ({ rounds, streams }: typeof CANCELLED) => {
    for (let round = 0; round < rounds; round += 1) {
      const leave = new AbortController()
      // Each of its own name: of one the browser asks for one at a time. All are read until they are left: what
      // nobody reads keeps the connection's window shut for the others.
      const begun = Array.from({ length: streams }, async (_, stream) => {
        const { body } = await fetch(`/download?${round}-${stream}`, {
          signal: leave.signal,
          cache: 'no-store',
        })
        const reader = body?.getReader()
        await reader?.read()
        const readOn = async () => {
          while (!(await reader?.read())?.done);
        }
        readOn().catch(() => undefined)
      })
      await Promise.all(begun)
      leave.abort()
      const kept = await fetch('/kept', { cache: 'no-store' })
      const { byteLength } = await kept.arrayBuffer()
      if (byteLength !== 1_048_576) return `${byteLength} bytes came in round ${round}`
    }
    return ''
  }
  const failed = await done<string>(page, `() => (${act})(${JSON.stringify(CANCELLED)})`)
  must(failed === '', failed)
  return `${CANCELLED.rounds * CANCELLED.streams} left, others go on`
}

/** Which way it went tells the handshake's status: 200 on a stream of HTTP/2, 101 on a connection of HTTP/1.1. */
async function websocket(page: Page, devtools: CDPSession, { url }: World): Promise<string> {
  await devtools.send('Network.enable')
  let status = 0
  devtools.on('Network.webSocketHandshakeResponseReceived', ({ response }) => {
    status = response.status
  })
  const said = await page.evaluate(
    async (address) => {
      const socket = new WebSocket(address)
      const next = () =>
        new Promise<string>((resolve, reject) => {
          socket.onmessage = ({ data }) => resolve(data)
          socket.onerror = () => reject(new Error('the socket failed'))
        })
      await new Promise((resolve, reject) => {
        socket.onopen = resolve
        socket.onerror = () => reject(new Error('the socket did not open'))
      })
      for (const message of ['there and back', 'selvedge '.repeat(100_000)]) {
        const echo = next()
        socket.send(message)
        if ((await echo) !== message) return 'other bytes came back'
      }
      const closed = new Promise<boolean>((resolve) => {
        socket.onclose = ({ wasClean }) => resolve(wasClean)
      })
      socket.close()
      return (await closed) ? '' : 'it was not closed cleanly'
    },
    `${url.replace('https', 'wss')}/socket`,
  )
  must(said === '', said)
  return status === 200 ? 'over HTTP/2' : `over HTTP/1.1 (${status})`
}

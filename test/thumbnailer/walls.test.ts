import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { type Logger, pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chooseBrowser } from '../../thumbnailer/browser/choose.ts'
import { renderGuarded } from '../../thumbnailer/browser/guarded.ts'
import type { Seat } from '../../thumbnailer/browser/keeper.ts'
import { type RenderFailure, type Rendering, renderPage } from '../../thumbnailer/browser/render.ts'
import { type BrowserPlan, startBrowser } from '../../thumbnailer/browser/start.ts'
import type { Refusal } from '../../thumbnailer/egress/destination.ts'
import { portGates } from '../../thumbnailer/egress/gates.ts'
import { type Guard, startGuard } from '../../thumbnailer/egress/guard.ts'
import { guardOptions } from '../../thumbnailer/egress/options.ts'
import { USUAL_LOOK } from '../../thumbnailer/look.ts'
import { thumbnailerSettings } from '../../thumbnailer/settings.ts'
import { DATA_FOLDER } from './program.ts'
import { type Site, startSite } from './site.ts'

/** A port that pages must not reach, over TCP and UDP, IPv4 and IPv6. It only notes who came. */
interface Canary extends AsyncDisposable {
  port: number
  /** First line that each sent; `udp` for a datagram. */
  visits: string[]
}

async function startCanary(): Promise<Canary> {
  const visits: string[] = []
  const server = createServer((socket) => {
    socket.once('data', (data) => {
      visits.push(data.toString('latin1').split('\r\n')[0] ?? '')
      socket.destroy()
    })
    socket.on('error', () => undefined) // whoever came may break off
  })
  server.listen(0, '::')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const datagrams = createSocket('udp6', () => visits.push('udp'))
  datagrams.bind(port)
  await once(datagrams, 'listening')
  return {
    port,
    visits,
    async [Symbol.asyncDispose]() {
      server.close()
      datagrams.close()
    },
  }
}

/** Ways from a page to the canary: each is a page of its own. `at` is a host and the canary's port. */
const waysOut: Record<string, (at: string) => string> = {
  image: (at) => `<img src="http://${at}/image">`,
  frame: (at) => `<iframe src="http://${at}/frame"></iframe>`,
  style: (at) =>
    `<style>@import "http://${at}/style"; @font-face { font-family: x; src: url(http://${at}/font) }</style><p style="font-family: x">text`,
  svg: (at) => `<svg><image href="http://${at}/svg" width="9" height="9"/></svg>`,
  media: (at) => `<video src="http://${at}/video"></video><object data="http://${at}/object"></object>`,
  prefetch: (at) =>
    `<link rel="preconnect" href="http://${at}"><link rel="prefetch" href="http://${at}/prefetch"><link rel="dns-prefetch" href="http://${at}">`,
  fetch: (at) => `<script>fetch('http://${at}/fetch', { mode: 'no-cors' })</script>`,
  beacon: (at) => `<script>navigator.sendBeacon('http://${at}/beacon', 'x')</script>`,
  webSocket: (at) => `<script>new WebSocket('ws://${at}/socket')</script>`,
  eventSource: (at) => `<script>new EventSource('http://${at}/events')</script>`,
  worker: (at) =>
    `<script>new Worker(URL.createObjectURL(new Blob(["fetch('http://${at}/worker', {mode: 'no-cors'})"])))</script>`,
  form: (at) =>
    `<form action="http://${at}/form" method="post"></form><script>document.forms[0].submit()</script>`,
  metaRefresh: (at) => `<meta http-equiv="refresh" content="0; url=http://${at}/refresh">`,
  script: (at) => `<script>location = 'http://${at}/location'</script>`,
  overTls: (at) => `<img src="https://${at}/tls">`,
  webRtc: (at) => `<script>
    const peer = new RTCPeerConnection({ iceServers: [
      { urls: 'stun:${at}' },
      { urls: ['turn:${at}?transport=tcp', 'turn:${at}?transport=udp'], username: 'a', credential: 'b' },
    ] })
    peer.createDataChannel('x')
    peer.createOffer().then((offer) => peer.setLocalDescription(offer))
  </script>`,
}

/** Spellings of this machine, and a name that means nothing to any name server. */
const hosts = [
  '127.0.0.1',
  '[::1]',
  'localhost',
  'inside.localhost',
  '2130706433',
  '[::ffff:127.0.0.1]',
  '0.0.0.0',
]

let site: Site
let canary: Canary
let guard: Guard
let plan: BrowserPlan

beforeAll(async () => {
  canary = await startCanary()
  site = await startSite({})
  for (const [way, page] of Object.entries(waysOut)) {
    site.pages[`/from-${way}`] = hosts.map((host) => page(`${host}:${canary.port}`)).join('\n')
  }
  site.pages['/from-redirect'] = (_, response) =>
    response.writeHead(302, { Location: `http://127.0.0.1:${canary.port}/redirect` }).end()
  const log = pino({ level: 'silent' })
  guard = await guardFor({ edgePort: site.port, ports: [80, 443, canary.port], log })
  const settings = {
    dataFolder: DATA_FOLDER,
    browserUid: 61_700,
    browser: undefined,
    contact: undefined,
    sandbox: true,
  }
  plan = (await chooseBrowser(settings, { proxy: guard.shut, network: 'not wanted' }, log)) as BrowserPlan
})

afterAll(async () => {
  await guard[Symbol.asyncDispose]()
  await site[Symbol.asyncDispose]()
  await canary[Symbol.asyncDispose]()
})

const usual = (url: string) => ({ url, look: USUAL_LOOK })
/** All that the guard refused. */
const refusals: Refusal[] = []

function guardFor({
  edgePort,
  ports,
  log,
}: {
  edgePort: number
  ports: number[]
  log: Logger
}): Promise<Guard> {
  const { egress } = thumbnailerSettings
    .pick({ egress: true })
    .parse({ egress: { ports, nameServers: ['127.0.0.1:9'] } })
  const edge = { host: '127.0.0.1', httpPort: edgePort }
  const isFronted = (host: string) => host === 'docs.example'
  const metrics = { egressRefused: () => undefined, egressBytes: () => undefined }
  const options = guardOptions(
    { egress, edge, renderSecondsMax: 20 },
    { isFronted, metrics, gates: portGates(), log },
  )
  return startGuard({ ...options, onRefused: (refusal) => refusals.push(refusal) })
}

const limits = { loadMsMax: 1_500, totalMsMax: 20_000 }

type Render = (seat: Seat, url: string) => Promise<Rendering | RenderFailure>

const guarded: Render = (seat, url) => renderGuarded(guard, seat, usual(url), limits)
const unguarded: Render = (seat, url) => renderPage(seat, usual(url), limits)

/** Opens every hostile page in one browser. @returns what came to the canary */
async function visitAll(browserPlan: BrowserPlan, origin: string, render: Render): Promise<string[]> {
  await using running = await startBrowser(browserPlan)
  const seat = { browser: running.browser, condemn: () => undefined }
  canary.visits.length = 0
  const ways = [...Object.keys(waysOut), 'redirect']
  await Promise.all(ways.map((way) => render(seat, `${origin}/from-${way}`)))
  return [...canary.visits]
}

describe('the walls around the browser', () => {
  test('hold: nothing that a page does comes to a port of this machine other than the edge', async () => {
    const visits = await visitAll(plan, 'http://docs.example', guarded)

    expect(visits).toEqual([])
    expect(site.requests).toContain('GET docs.example /from-image')
    // It was the guard that refused, not the browser.
    for (const host of ['127.0.0.1', '[::1]', '[::ffff:7f00:1]', '0.0.0.0']) {
      expect(refusals).toContainEqual(expect.objectContaining({ host, because: 'not-public' }))
    }
  })

  test('are what holds: without them these pages come through, each way', async () => {
    const paths =
      'image frame style font svg video object prefetch fetch socket events worker location refresh redirect'
    const wanted = [
      ...paths.split(' ').map((path) => `GET /${path}`),
      'POST /beacon',
      'POST /form',
      'tls',
      'udp',
    ]
    const isTls = (line: string) => line.startsWith('\x16\x03')
    const seen = new Set<string>()

    // On a slow machine a page's time may be over before it has tried.
    for (let round = 0; round < 4 && !wanted.every((line) => seen.has(line)); round += 1) {
      const visits = await visitAll({ ...plan, walls: [] }, `http://127.0.0.1:${site.port}`, unguarded)
      for (const line of visits) seen.add(isTls(line) ? 'tls' : line.replace(' HTTP/1.1', ''))
    }

    expect([...seen]).toEqual(expect.arrayContaining(wanted))
  }, 90_000)

  test('hold against addresses that a page is opened by', async () => {
    canary.visits.length = 0
    await using running = await startBrowser(plan)
    const seat = { browser: running.browser, condemn: () => undefined }

    const outcomes = await Promise.all(hosts.map((host) => guarded(seat, `http://${host}:${canary.port}/`)))

    const isName = (host: string) => host.endsWith('localhost')
    expect(outcomes.map((outcome) => 'failed' in outcome && outcome.failed)).toEqual(
      hosts.map((host) =>
        isName(host) ? expect.stringMatching(/^site-(unreachable|refused)$/) : 'site-refused',
      ),
    )
    expect(canary.visits).toEqual([])
  })
})

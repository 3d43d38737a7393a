import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { pino } from 'pino'
import { generate } from 'selfsigned'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chooseBrowser } from '../../thumbnailer/browser/choose.ts'
import { renderGuarded } from '../../thumbnailer/browser/guarded.ts'
import { type BrowserPlan, startBrowser } from '../../thumbnailer/browser/start.ts'
import { portGates } from '../../thumbnailer/egress/gates.ts'
import { startGuard } from '../../thumbnailer/egress/guard.ts'
import { USUAL_LOOK } from '../../thumbnailer/look.ts'
import { createRobots } from '../../thumbnailer/robots.ts'
import { DATA_FOLDER } from './program.ts'
import { twoColours } from './site.ts'

const log = pino({ level: 'silent' })
const isFronted = (host: string) => host.endsWith('docs.example')
/** An edge and a public site with the same certificate, which it made itself. */
let server: ReturnType<typeof createServer>
let port: number

beforeAll(async () => {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'docs.example' }])
  server = createServer({ key, cert }, (request, response) => {
    if (request.url !== '/') return void response.writeHead(404).end()
    const page = `${twoColours()}<script>fetch('https://parts.docs.example/', { mode: 'no-cors' }).then(() => { document.title = 'parts too' })</script>`
    response.writeHead(200, { 'Content-Type': 'text/html' }).end(page)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})

afterAll(() => void server.close())

const judge = async () => ({ addresses: ['127.0.0.1'], port })

test('a certificate that nobody signed is taken of a fronted site, whose edge made it, and of no other', async () => {
  await using guard = await startGuard({
    judge,
    limits: { bytesMax: 1e7, requestsMax: 100, connectionsMax: 100, msMax: 60_000 },
    gates: portGates(),
    onRefused: () => undefined,
    onBytes: () => undefined,
    log,
  })
  const settings = {
    ...{ dataFolder: DATA_FOLDER, browserUid: 61_700, browser: undefined, contact: undefined, sandbox: true },
  }
  const plan = await chooseBrowser(settings, { proxy: guard.shut, network: 'not wanted' }, log)
  await using running = await startBrowser({ ...(plan as BrowserPlan), takesCertificateOf: isFronted })
  const seat = { browser: running.browser, condemn: () => undefined }
  const limits = { loadMsMax: 20_000, totalMsMax: 60_000 }
  const render = (url: string) => renderGuarded(guard, seat, { url, look: USUAL_LOOK }, limits)

  const [fronted, other] = await Promise.all([
    render('https://docs.example/'),
    render('https://other.example/'),
  ])

  expect(fronted).toMatchObject({ kind: 'page', status: 200, facts: { title: 'parts too' } })
  expect(other).toMatchObject({ failed: 'site-unreachable' })
})

test('and so it is for robots.txt', async () => {
  await using robots = createRobots(judge, 'SelvedgeThumbnailer/1.0', isFronted)

  expect(await robots.mayRender('https://docs.example/')).toBe('yes')
  expect(await robots.mayRender('https://other.example/')).toBe('unknown')
})

/**
 * `npm run bench:thumbnails`: how long a picture that is kept takes, from the thumbnailer, from the info API, and
 * through an edge beside any other hit; and how often a new site is rendered that 50 ask for at once.
 * Half a minute, on loopback: page, thumbnailer, API (with its ClickHouse) and edge are all here.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'undici'
import { openAccessLog, viewsBy } from '../analytics/access-log.ts'
import { infoApiOn } from '../analytics/info-api.ts'
import { deploy, HOST } from '../show/deployment.ts'
import { KEY, startThumbnailer } from '../thumbnailer/program.ts'
import { startSite, twoColours } from '../thumbnailer/site.ts'

const REQUESTS = Number(process.argv[2] ?? 3_000)
const ASKING_AT_ONCE = 50

const directory = mkdtempSync(join(tmpdir(), 'selvedge-thumbnails-'))
const page = (title: string) => `${twoColours()}<title>${title}</title><h1>${title}</h1>`
{
  await using site = await startSite({ '/': page('A page') })
  await using thumbnailer = await startThumbnailer(site)
  await using log = await openAccessLog()
  await log.insert(viewsBy(3, { host: 'docs.example', site: 'docs.example' }))
  await using api = await infoApiOn(log, { key: KEY, thumbnailerUrl: thumbnailer.url, now: Date.now })
  await using deployment = await deploy({ directory, origin: { http: { url: api.url } } })
  const edge = `http://127.0.0.1:${deployment.httpPort}`
  const path = '/v1/sites/docs.example/thumbnail'

  const path50 = '/v1/sites/new.sites.example/thumbnail?wait=1'
  const asked = await Promise.all(Array.from({ length: ASKING_AT_ONCE }, () => api.get(path50)))
  const renders = site.requests.filter((line) => line === 'GET new.sites.example /').length
  const pictures = asked.filter(({ status }) => status === 200).length
  print(`${ASKING_AT_ONCE} ask at once for a new site: ${renders} render, ${pictures} pictures`)

  await api.get(`${path}?wait=1`)
  const [target, { headers }] = thumbnailer.signed('/thumbnail', {
    url: 'http://docs.example/',
    size: 'large',
  })
  await timed('the thumbnailer', thumbnailer.url, target, headers as Record<string, string>) // made by us
  await timed('the info API', api.url, path, {})
  await timed('the edge, a picture', edge, path, { host: HOST })
  await timed('the edge, a style sheet', edge, '/assets/frame.css', { host: HOST })
}
rmSync(directory, { recursive: true })

/** One connection, one request after the other, so that nothing waits but for the answer. */
async function timed(
  what: string,
  origin: string,
  path: string,
  headers: Record<string, string>,
): Promise<void> {
  const client = new Client(origin)
  const took: number[] = []
  let bytes = 0
  for (let at = 0; at < REQUESTS + 200; at += 1) {
    const begunMs = performance.now()
    const { statusCode, body } = await client.request({ path, method: 'GET', headers })
    bytes = (await body.arrayBuffer()).byteLength
    if (statusCode !== 200) throw new Error(`${what} answered with ${statusCode}`)
    if (at >= 200) took.push(performance.now() - begunMs) // the first ones warm up
  }
  await client.close()
  took.sort((a, b) => a - b)
  const at = (share: number) => `${(took[Math.floor(share * took.length)] ?? 0).toFixed(2)} ms`
  print(`${what.padEnd(24)} p50 ${at(0.5)}, p99 ${at(0.99)}, most ${at(0.9999)} (${bytes} bytes)`)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

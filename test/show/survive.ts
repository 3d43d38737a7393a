/**
 * `npm run show:survive`: everything is killed (`kill -9`) in the middle of a fill, ten times. Is every
 * body right that is served afterwards, and does what was invalidated before stay gone?
 */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Agent, request } from 'undici'
import { type Deployment, DISTRIBUTION, deploy, HOST } from './deployment.ts'
import { invalidate } from './invalidate.ts'

const OBJECTS = Number(process.argv[2] ?? 20_000)
const ROUNDS = Number(process.argv[3] ?? 10)
const AT_ONCE = 24

/** Objects with these numbers are invalidated in each round, and their content changes then. */
const isPurged = (at: number) => at % 20 === 0

/** How often the purged objects have changed. */
let edition = 0
let asked = 0
const origin = createServer((incoming, response) => {
  asked += 1
  const at = Number(/(\d+)$/.exec(incoming.url ?? '')?.[1])
  const body = bodyOf(at, isPurged(at) ? edition : 0)
  response.writeHead(200, {
    'Content-Length': body.length,
    'Cache-Control': 'max-age=86400',
    ETag: `"${at}"`,
  })
  response.end(body)
})
origin.listen(0, '127.0.0.1')
await once(origin, 'listening')

const url = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`
const directory = mkdtempSync(join(tmpdir(), 'selvedge-survive-'))
const totals = { served: 0, wrong: 0, outdated: 0, hits: 0 }
for (let round = 1; round <= ROUNDS; round += 1) {
  const deployment = await deploy({
    directory,
    origin: { http: { url } },
    more: { edge: { cacheMegabytes: 16 } },
  })
  const before = await askFor(deployment, checked(round))
  edition += 1
  await invalidate(deployment.config, DISTRIBUTION, ['/purged/*'])
  const per = Math.ceil(OBJECTS / ROUNDS)
  const filling = askFor(
    deployment,
    Array.from({ length: per }, (_, at) => (round - 1) * per + at),
  )
  // In the middle of the fill, at another point each time.
  await Promise.race([filling, pause(500 + 250 * round)])
  await deployment.kill()
  await filling
  process.stdout.write(
    `round ${round}: ready in ${Math.round(deployment.readyMs)} ms, ${before.served} checked, ` +
      `${before.hits} from cache, ${before.wrong} wrong, ${before.outdated} invalidated ones back\n`,
  )
  for (const name of Object.keys(totals) as (keyof typeof totals)[]) totals[name] += before[name]
}
{
  await using deployment = await deploy({ directory, origin: { http: { url } } })
  asked = 0
  const all = await askFor(
    deployment,
    Array.from({ length: OBJECTS }, (_, at) => at),
  )
  process.stdout.write(
    `at the end: ${all.served} of ${OBJECTS} asked for, ${OBJECTS - asked} without the origin, ` +
      `${all.wrong} wrong, ${all.outdated} invalidated ones back\n`,
  )
  for (const name of Object.keys(totals) as (keyof typeof totals)[]) totals[name] += all[name]
}
process.stdout.write(
  `${ROUNDS} kills: ${totals.served} bodies checked, ${totals.wrong} wrong, ${totals.outdated} invalidated ones back\n`,
)
origin.closeAllConnections()
origin.close()
rmSync(directory, { recursive: true })
process.exitCode = totals.wrong + totals.outdated === 0 ? 0 : 1

/** After a restart: what the rounds before have filled, every third of it. */
function checked(round: number): number[] {
  const filled = Math.ceil(OBJECTS / ROUNDS) * (round - 1)
  return Array.from({ length: Math.floor(filled / 3) }, (_, at) => at * 3 + (round % 3))
}

/** Asks for objects, some at once, and weighs the bodies; what fails because of a kill is nobody's fault. */
async function askFor({ httpPort }: Deployment, objects: number[]) {
  const client = new Agent({ connections: AT_ONCE })
  const sums = { served: 0, wrong: 0, outdated: 0, hits: 0 }
  const queue = objects.values()
  async function viewer(): Promise<void> {
    for (const at of queue) {
      const got = await view(client, httpPort, at).catch(() => undefined)
      if (got === undefined) continue
      sums.served += 1
      if (got.isHit) sums.hits += 1
      const verdict = weigh(at, got.body)
      if (verdict !== 'right') sums[verdict] += 1
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, viewer))
  await client.destroy()
  return sums
}

function weigh(at: number, body: Buffer): 'right' | 'wrong' | 'outdated' {
  if (body.equals(bodyOf(at, isPurged(at) ? edition : 0))) return 'right'
  const editions = isPurged(at) ? edition : 0
  const isOld = Array.from({ length: editions }, (_, of) => bodyOf(at, of)).some((old) => body.equals(old))
  return isOld ? 'outdated' : 'wrong'
}

async function view(client: Agent, port: number, at: number) {
  const path = `/${isPurged(at) ? 'purged' : 'kept'}/${at}`
  const { statusCode, headers, body } = await request(`http://127.0.0.1:${port}${path}`, {
    headers: { host: HOST },
    dispatcher: client,
  })
  const bytes = Buffer.from(await body.arrayBuffer())
  return statusCode === 200 ? { body: bytes, isHit: String(headers['x-cache']).startsWith('Hit') } : undefined
}

/** 1 KB to 60 KB, and one in two hundred of 1.5 MB; told by number and edition. */
function bodyOf(at: number, of: number): Buffer {
  const bytes = at % 200 === 7 ? 1_500_000 : 1_000 + ((at * 7_919) % 59_000)
  return Buffer.alloc(bytes, `object ${at}, edition ${of}. `)
}

/**
 * `npm run bench:invalidation`: how long an invalidation takes until it holds on every worker, with few and
 * with many objects in the cache. It should make no difference.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Agent, request } from 'undici'
import { startSelvedge } from '../deploy/selvedge.ts'
import { timeInvalidation } from './time-invalidation.ts'

const HOST = 'bench.example'
const { values } = parseArgs({ options: { objects: { type: 'string', default: '5000' } } })
const objects = Number(values.objects)

let version = 1
const origin = createServer((asked, response) => {
  response.writeHead(200, { 'cache-control': 'max-age=3600', 'cache-tag': `all, t${asked.url?.length}` })
  response.end(`${asked.url} version ${version}`)
})
origin.listen({ host: '127.0.0.1', port: 0 })
await once(origin, 'listening')

const folder = await mkdtemp(join(tmpdir(), 'selvedge-bench-'))
const config = join(folder, 'bench.yaml')
const url = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`
const site = { id: 'bench', aliases: [HOST], origins: [{ id: 'o', http: { url } }] }
await writeFile(config, JSON.stringify({ distributions: [site] }))
const selvedge = await startSelvedge(['--config', config, '--only', 'origin-shield,edge', '--workers', '2'])
const ports = JSON.parse(readFileSync(join(selvedge.data, 'ports.json'), 'utf8'))
const key = readFileSync(join(selvedge.data, 'key'), 'utf8').trim()

for (const count of [100, objects]) {
  const tookMs = await fill(count)
  process.stdout.write(`\n${count} objects asked for twice in ${(tookMs / 1000).toFixed(1)} s\n`)
  for (const item of ['/o/7', '/o/*', '#all', '/*']) {
    const times = await timeInvalidation({
      admin: `http://127.0.0.1:${ports.edgeAdmin}`,
      key,
      distribution: 'bench',
      item,
      httpPort: selvedge.httpPort,
      host: HOST,
      paths: ['/o/7'],
      change: () => {
        version += 1
      },
    })
    const { answeredMs, lastOldMs, oldAfterAnswer, watched } = times
    process.stdout.write(
      `  ${item.padEnd(6)} answered after ${answeredMs.toFixed(1)} ms, last old body asked for at ` +
        `${lastOldMs.toFixed(1)} ms; ${oldAfterAnswer} after the answer, of ${watched} requests\n`,
    )
  }
}

await selvedge[Symbol.asyncDispose]()
origin.close()
origin.closeAllConnections()
await rm(folder, { recursive: true })

/** Asks for objects, twice each on many connections, so that both workers have most. @returns ms */
async function fill(count: number): Promise<number> {
  const startedMs = performance.now()
  const client = new Agent({ connections: 64 })
  let next = 0
  const askers = Array.from({ length: 64 }, async () => {
    for (let at = next++; at < 2 * count; at = next++) {
      const answer = await request(`http://127.0.0.1:${selvedge.httpPort}/o/${at % count}`, {
        headers: { host: HOST },
        dispatcher: client,
      })
      await answer.body.dump()
    }
  })
  await Promise.all(askers)
  await client.destroy()
  return performance.now() - startedMs
}

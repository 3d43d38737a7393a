/**
 * `npm run show:crowd`: a thousand viewers ask at once for one cold object of 50 MB. How often is the
 * origin asked, do all get the same bytes, and what does it take?
 */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { crc32 } from 'node:zlib'
import { deploy, HOST, memoryMegabytes } from './deployment.ts'

const VIEWERS = Number(process.argv[2] ?? 1_000)
const BODY_BYTES = 50_000_000
const PIECE = Buffer.alloc(1_000_000)
for (let at = 0; at < PIECE.length; at += 4) PIECE.writeInt32LE(Math.imul(at, 0x9e3779b1), at)

let wanted = 0
for (let sent = 0; sent < BODY_BYTES; sent += PIECE.length) wanted = crc32(PIECE, wanted)

let requests = 0
let bytes = 0
const origin = createServer((_, response) => {
  requests += 1
  response.writeHead(200, { 'Content-Length': BODY_BYTES, 'Cache-Control': 'max-age=600', ETag: '"one"' })
  Readable.from(pieces()).pipe(response)
})

function* pieces() {
  for (let sent = 0; sent < BODY_BYTES; sent += PIECE.length) {
    bytes += PIECE.length
    yield PIECE
  }
}

origin.listen(0, '127.0.0.1')
await once(origin, 'listening')

const directory = mkdtempSync(join(tmpdir(), 'selvedge-crowd-'))
const url = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`
{
  await using deployment = await deploy({ directory, origin: { http: { url } } })
  process.stdout.write(`${VIEWERS} viewers ask at once for 50 MB …\n`)
  const startedMs = performance.now()
  const sums = await Promise.all(Array.from({ length: VIEWERS }, () => view(deployment.httpPort)))
  const seconds = (performance.now() - startedMs) / 1000
  const same = sums.filter((one) => one === wanted).length
  process.stdout.write(`origin: requests ${requests}, bytes ${bytes} (the object has ${BODY_BYTES})\n`)
  process.stdout.write(`viewers with the right body: ${same} of ${VIEWERS}, in ${seconds.toFixed(1)} s\n`)
  for (const { program, pid } of deployment.processes()) {
    process.stdout.write(`${program}: at most ${memoryMegabytes(pid, 'VmHWM')} MB resident\n`)
  }
  process.exitCode = requests === 1 && same === VIEWERS ? 0 : 1
}
origin.closeAllConnections()
origin.close()
rmSync(directory, { recursive: true })

async function view(port: number): Promise<number> {
  const asked = get({ host: '127.0.0.1', port, path: '/film', headers: { host: HOST }, agent: false })
  const [response] = await once(asked, 'response')
  let sum = 0
  for await (const chunk of response) sum = crc32(chunk, sum)
  return sum
}

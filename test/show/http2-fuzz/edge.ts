/**
 * An edge that is fuzzed, as a process of its own: it tells its port, and whenever it is asked how it does. An error
 * of its own that nobody has foreseen ends it, as it would end a worker.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { pino } from 'pino'
import { HOST, houseInFrontOf } from '../../edge/house.ts'
import { certificateFiles } from '../../edge/http2-client.ts'

/** How an edge does. */
export interface State {
  port: number
  connections: number
  heapBytes: number
  residentBytes: number
  /** What its log says of HTTP/2 connections that were ended, by reason. */
  ended: Record<string, number>
  /** What its log says that is no viewer's fault. */
  failures: string[]
}

const ended: Record<string, number> = {}
const failures: string[] = []
const log = pino(
  { level: 'info' },
  {
    write(line: string) {
      const { level, msg, reason, error } = JSON.parse(line)
      if (msg === 'an HTTP/2 connection was ended for what came over it')
        ended[reason] = (ended[reason] ?? 0) + 1
      // Shield and edge share the log; what is a warning or worse there was caused here too.
      if (level >= 50 && failures.length < 20) failures.push(`${msg}: ${error ?? ''}`)
    },
  },
)

const origin = createServer((incoming, response) => {
  const keep = incoming.url?.startsWith('/kept') ? 'max-age=3600' : 'no-store'
  const headers = { 'Cache-Control': keep, 'Content-Length': 20_000 }
  incoming.resume().once('end', () => response.writeHead(200, headers).end(Buffer.alloc(20_000, 'body ')))
})
origin.listen(0, '127.0.0.1')
await once(origin, 'listening')
const certificate = await certificateFiles()
const url = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`
const house = await houseInFrontOf(url, { tls: certificate.tls, http2: 'own', log })
await house.get('/kept', { host: HOST })

process.on('message', async () => {
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc?.()
    await pause(50)
  }
  const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage()
  const state: State = {
    port: house.securePort,
    connections: house.connections,
    heapBytes: heapUsed + external + arrayBuffers,
    residentBytes: rss,
    ended,
    failures,
  }
  process.send?.(state)
})
// Whoever started it is gone.
process.on('disconnect', () => process.exit(0))
process.send?.('ready')

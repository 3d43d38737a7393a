/**
 * Viewers of one city of `show:cities`: `node city-viewer.ts ROUTER NETWORK TTL-MS`. Asks DNS for the city's network,
 * keeps the answer for its TTL, fetches ten times a second, and writes one line a request: `edge retried failed`.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import packet from 'dns-packet'

const [router = '', network = '', ttl = '1000'] = process.argv.slice(2)
const EVERY_MS = 100
/** How long an edge may take to answer, ms, before it counts as gone. */
const FETCH_MS_MAX = 1_000
/** How often who got a bad address asks DNS again for the one more try, ms: as a browser's resolver does. */
const PATIENCE_MS = 4_000

let known = { address: '', untilMs: 0 }
for (;;) {
  const startedMs = performance.now()
  if (known.untilMs < startedMs) known = { address: await resolve(), untilMs: startedMs + Number(ttl) }
  let edge = await fetchFrom(known.address)
  const retried = edge === undefined
  if (edge === undefined) edge = await again(known.address)
  process.stdout.write(`${edge ?? '-'} ${Number(retried)} ${Number(edge === undefined)}\n`)
  await pause(Math.max(0, EVERY_MS - (performance.now() - startedMs)))
}

/** DNS once more, and the edge that it names now; it waits for the answer's TTL to end as long as that is the old one. */
async function again(failed: string): Promise<string | undefined> {
  const deadline = performance.now() + PATIENCE_MS
  let address = await resolve()
  while (address === failed && performance.now() < deadline) {
    await pause(Number(ttl) / 4)
    address = await resolve()
  }
  known = { address, untilMs: performance.now() + Number(ttl) }
  return fetchFrom(address)
}

async function fetchFrom(address: string): Promise<string | undefined> {
  try {
    const response = await fetch(`http://${address}:8080/`, {
      signal: AbortSignal.timeout(FETCH_MS_MAX),
      headers: { connection: 'close' },
    })
    return await response.text()
  } catch {
    // Whatever is wrong, the edge can't be reached.
    return undefined
  }
}

/** @returns the address, or the one that is known when there is no answer */
async function resolve(): Promise<string> {
  const socket = createSocket('udp4')
  const options = [{ code: 8, ip: network, sourcePrefixLength: 24 }]
  const question = packet.encode({
    type: 'query',
    id: 1,
    questions: [{ name: 'www.edge.example', type: 'A' }],
    additionals: [{ type: 'OPT', name: '.', udpPayloadSize: 1_232, options } as never],
  })
  socket.on('error', () => undefined)
  socket.send(question, 53, router)
  const heard = await Promise.race([once(socket, 'message'), pause(500, undefined)])
  socket.close()
  const [answer] = heard === undefined ? [] : (packet.decode(heard[0] as Buffer).answers ?? [])
  return (answer as { data?: string } | undefined)?.data ?? known.address
}

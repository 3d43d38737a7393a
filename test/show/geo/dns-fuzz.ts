/**
 * `npm run show:dns-fuzz`: 100,000 malformed and random packets at a router, over UDP and TCP, while slow TCP clients hold
 * their connections and a good client asks ten times a second. Does it crash, does its memory grow, does the good
 * client get each answer?
 */
import { randomBytes, randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import packet from 'dns-packet'
import { describeError } from '../../../edge/program/errors.ts'
import { freePort } from '../../free-port.ts'
import { startRouterProcess } from './router-process.ts'

const FLEET = new URL('../../../deploy/fleet.example.yaml', import.meta.url).pathname
const PACKETS = 100_000
/** Of these, over TCP, on connections of twenty. */
const OVER_TCP = 20_000
const SLOW_CLIENTS = 300
const ROUNDS = 4

const good = packet.encode({
  type: 'query',
  id: 1,
  questions: [{ name: 'www.edge.example', type: 'A' }],
  additionals: [
    {
      type: 'OPT',
      name: '.',
      udpPayloadSize: 1_232,
      options: [
        { code: 8, ip: '192.0.2.0', sourcePrefixLength: 24 },
        { code: 10, data: Buffer.alloc(8, 1) },
      ],
    } as never,
  ],
})

/** Random, or a good question with some bytes changed, cut off, or repeated. */
function odd(): Buffer {
  if (randomInt(4) === 0) return randomBytes(randomInt(1_400))
  const bytes = Buffer.from(good)
  for (let changes = randomInt(1, 8); changes > 0; changes--) bytes[randomInt(bytes.length)] = randomInt(256)
  if (randomInt(3) === 0) return bytes.subarray(0, randomInt(bytes.length))
  return randomInt(4) === 0 ? Buffer.concat([bytes, randomBytes(randomInt(500))]) : bytes
}

try {
  process.exitCode = (await show()) ? 0 : 1
} catch (error) {
  process.stderr.write(`${describeError(error)}\n`)
  process.exitCode = 2
}

async function show(): Promise<boolean> {
  const [dns, admin] = [await freePort(), await freePort()]
  const options = ['--fleet', FLEET, '--dns-port', String(dns), '--host', '127.0.0.1', '--assume-healthy']
  await using router = await startRouterProcess(options, admin)
  await flood(dns, PACKETS / 10)
  const before = router.memory()
  const stop = new AbortController()
  const client = goodClient(dns, stop.signal)
  const slow = slowClients(dns)
  const memory: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    await flood(dns, (PACKETS - OVER_TCP) / ROUNDS)
    await floodTcp(dns, OVER_TCP / ROUNDS)
    memory.push(router.memory())
  }
  stop.abort()
  const { asked, answered } = await client
  for (const socket of slow.open) socket.destroy()

  const mb = (bytes: number) => (bytes / 1_048_576).toFixed(0)
  process.stdout.write(
    `${PACKETS} odd packets, ${OVER_TCP} of them over TCP, and ${SLOW_CLIENTS} slow TCP clients\n`,
  )
  process.stdout.write(`memory: ${mb(before)} MB, then ${memory.map(mb).join(', ')} MB\n`)
  process.stdout.write(`slow clients that were cut off: ${slow.cut()} of ${SLOW_CLIENTS}\n`)
  process.stdout.write(`good client: ${answered} of ${asked} answered\n`)
  const last = memory.at(-1) ?? 0
  const isFlat = last < before + 64 * 1_048_576
  return asked > 0 && answered === asked && isFlat
}

/** No faster than a socket takes, so that they arrive: what the kernel drops shows nothing. */
async function flood(port: number, count: number): Promise<void> {
  const socket = createSocket('udp4')
  socket.on('error', () => undefined)
  for (let sent = 0; sent < count; sent += 100) {
    const sends = Array.from(
      { length: 100 },
      () => new Promise((resolve) => socket.send(odd(), port, '127.0.0.1', resolve)),
    )
    await Promise.all(sends)
    await pause(2)
  }
  socket.close()
}

async function floodTcp(port: number, count: number): Promise<void> {
  for (let sent = 0; sent < count; sent += 200) {
    await Promise.all(Array.from({ length: 10 }, () => oddConnection(port)))
  }
}

/** Twenty packets on one connection, some with a wrong length before them. */
async function oddConnection(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.resume()
  for (let at = 0; at < 20; at++) {
    const bytes = odd()
    const length = Buffer.alloc(2)
    length.writeUInt16BE(randomInt(5) === 0 ? randomInt(65_536) : bytes.length)
    socket.write(Buffer.concat([length, bytes]))
  }
  socket.end()
  // `once` would take a reset for a failure of ours, and the router resets whoever doesn't speak DNS.
  await Promise.race([new Promise((resolve) => socket.once('close', resolve)), pause(3_000)])
  socket.destroy()
}

/** Asks ten times a second over UDP with a cookie of the server's; over TCP where it hears nothing, as resolvers do. */
async function goodClient(port: number, stop: AbortSignal): Promise<{ asked: number; answered: number }> {
  const counts = { asked: 0, answered: 0 }
  while (!stop.aborted) {
    counts.asked += 1
    if (await isAnswered(port)) counts.answered += 1
    await pause(100)
  }
  return counts
}

async function isAnswered(port: number): Promise<boolean> {
  for (const over of [askOverUdp, askOverUdp, askOverTcp]) {
    if (await over(port)) return true
  }
  return false
}

async function askOverUdp(port: number): Promise<boolean> {
  const socket = createSocket('udp4')
  socket.send(good, port, '127.0.0.1')
  const heard = await Promise.race([once(socket, 'message'), pause(2_000, undefined)])
  socket.close()
  const message = heard?.[0] as Buffer | undefined
  return message !== undefined && (packet.decode(message).answers?.length ?? 0) === 1
}

async function askOverTcp(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  const framed = Buffer.alloc(2 + good.length)
  framed.writeUInt16BE(good.length)
  good.copy(framed, 2)
  socket.on('error', () => undefined)
  socket.write(framed)
  const heard = await Promise.race([once(socket, 'data').catch(() => undefined), pause(5_000, undefined)])
  socket.destroy()
  return heard !== undefined
}

/** Each sends a byte now and then, or asks and never reads. */
function slowClients(port: number): { open: Socket[]; cut(): number } {
  let cut = 0
  const open = Array.from({ length: SLOW_CLIENTS }, (_, at) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.once('close', () => {
      cut += 1
      clearInterval(timer)
    })
    if (at % 2 === 0) socket.pause()
    const timer = setInterval(() => socket.write(Buffer.from([0])), 1_000)
    return socket
  })
  return { open, cut: () => cut }
}

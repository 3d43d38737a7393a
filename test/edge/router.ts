import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import packet, { type DecodedPacket, type Packet } from 'dns-packet'
import { pino } from 'pino'
import { assembleRouter } from '../../edge/geo/assemble-router.ts'
import { routerSettings } from '../../edge/geo/settings.ts'

const EXAMPLE = new URL('../../deploy/fleet.example.yaml', import.meta.url).pathname

/** An answer; the types of dns-packet leave out its rcode. */
export type Heard = DecodedPacket & { rcode: string }

/** A router in this process, for the example's fleet unless it is changed. */
export interface Router extends AsyncDisposable {
  dns: number
  http: number
  admin: number
  /** One question over UDP; `undefined` when there is no answer to it. */
  ask(name: string, type: string, more?: Partial<Packet>): Promise<Heard>
  /** Sends bytes over UDP. @returns the answer's bytes, `undefined` when none comes before that of a good question */
  send(bytes: Buffer): Promise<Buffer | undefined>
  askOverTcp(...messages: Buffer[]): Promise<Buffer[]>
  /** Reads the fleet file anew, with other text. */
  reload(text: string): Promise<void>
}

/** @param changed makes other text of the example's */
export async function startRouter(
  changed: (text: string) => string = (text) => text,
  { assumeHealthy = true } = {},
): Promise<Router> {
  const folder = await mkdtemp(join(tmpdir(), 'selvedge-router-'))
  const fleet = join(folder, 'fleet.yaml')
  await writeFile(fleet, changed(readFileSync(EXAMPLE, 'utf8')))
  const parts = new AsyncDisposableStack()
  const settings = routerSettings.parse({
    node: 'router',
    admin: { port: 0 },
    fleet,
    host: '127.0.0.1',
    dnsPort: 0,
    httpPort: 0,
    assumeHealthy,
  })
  const { ports, reload } = await assembleRouter({ settings, log: pino({ level: 'silent' }), parts })
  const { dns, http = 0, admin } = ports

  let cookie: Buffer | undefined
  async function send(bytes: Buffer): Promise<Buffer | undefined> {
    const socket = createSocket('udp4')
    const heard: Buffer[] = []
    socket.on('message', (message) => heard.push(message))
    // Packets of one socket are answered in order: what isn't there before this one's answer never comes.
    // That has a cookie, for alike answers are limited.
    cookie ??= await cookieOf(dns)
    const last = encoded('edge.example', 'SOA', edns([{ code: 10, data: cookie }]))
    socket.send(bytes, dns, '127.0.0.1')
    socket.send(last, dns, '127.0.0.1')
    while (!heard.some((message) => message.readUInt16BE(0) === last.readUInt16BE(0)))
      await once(socket, 'message')
    socket.close()
    return heard.find((message) => message.readUInt16BE(0) !== last.readUInt16BE(0))
  }

  return {
    dns,
    http,
    admin,
    send,
    async ask(name, type, more) {
      const answer = await send(encoded(name, type, more))
      if (answer === undefined) throw new Error(`no answer to ${name} ${type}`)
      return packet.decode(answer) as Heard
    },
    askOverTcp: (...messages) => overTcp(dns, messages),
    async reload(text) {
      await writeFile(fleet, text)
      await reload?.(settings)
    },
    async [Symbol.asyncDispose]() {
      await parts.disposeAsync()
      await rm(folder, { recursive: true })
    },
  }
}

let lastId = randomInt(65_536)

/** A question as bytes. */
export function encoded(name: string, type: string, more: Partial<Packet> = {}): Buffer {
  lastId = (lastId + 1) % 65_536
  return packet.encode({ type: 'query', id: lastId, questions: [{ name, type: type as never }], ...more })
}

/** The EDNS of a question. */
export function edns(
  options: { code: number; data?: Buffer; ip?: string; sourcePrefixLength?: number }[] = [],
  udpPayloadSize = 1_232,
) {
  return {
    additionals: [{ type: 'OPT', name: '.', udpPayloadSize, flags: 0, options } as never],
  }
}

/** A cookie of the server's (RFC 7873), for this machine. */
async function cookieOf(port: number): Promise<Buffer> {
  const client = Buffer.from('fedcba9876543210', 'hex')
  const [answer] = await overTcp(port, [encoded('edge.example', 'SOA', edns([{ code: 10, data: client }]))])
  // The only option of the answer, at its end: 8 bytes of ours and 16 of the server's.
  return Buffer.from(answer?.subarray(-24) ?? [])
}

/** Asks for the network of an address (RFC 7871). */
export function subnet(ip: string, sourcePrefixLength = 24) {
  return { code: 8, ip, sourcePrefixLength }
}

async function overTcp(port: number, messages: readonly Buffer[]): Promise<Buffer[]> {
  const socket: Socket = connect(port, '127.0.0.1')
  for (const message of messages) {
    const length = Buffer.alloc(2)
    length.writeUInt16BE(message.length)
    socket.write(Buffer.concat([length, message]))
  }
  let bytes = Buffer.alloc(0)
  const answers: Buffer[] = []
  for await (const chunk of socket) {
    bytes = Buffer.concat([bytes, chunk])
    while (bytes.length >= 2 && bytes.length >= 2 + bytes.readUInt16BE(0)) {
      const end = 2 + bytes.readUInt16BE(0)
      answers.push(Buffer.from(bytes.subarray(2, end)))
      bytes = bytes.subarray(end)
    }
    if (answers.length === messages.length) break
  }
  return answers
}

import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { buffer } from 'node:stream/consumers'
import { connect as connectTls } from 'node:tls'
import { Agent, request } from 'undici'
import { type Contender, HOST } from './contenders/contender.ts'
import { bodyOf } from './origin.ts'
import { untilAnswered } from './processes.ts'
import { type Ask, NUMBER } from './scenarios.ts'

interface Answer {
  status: number
  body: Buffer
}

/**
 * Has a contender keep the object of a scenario, and asks it twice as the load will. Some keep an object a
 * moment after they have answered, or nothing just after they started, so the first may take some attempts.
 *
 * @throws when an answer isn't what the origin's bytes make it, the first one within a minute
 */
export async function checkAnswers({ ports }: Contender, asks: Ask): Promise<void> {
  const path = asks.path.replace(NUMBER, 'check')
  const wanted = { status: asks.status ?? 200, body: expectedBody({ ...asks, path }) }
  const check = async () => {
    const { status, body } = await answered(ports, { ...asks, path })
    if (status === wanted.status && body.equals(wanted.body)) return
    throw new Error(
      `its answer to ${path} has status ${status} and ${body.byteLength} bytes, ` +
        `where ${wanted.status} and the origin’s ${wanted.body.byteLength} were expected`,
    )
  }
  await untilAnswered(async () => {
    await answered(ports, { path })
    await check()
  })
  await check()
}

/** Waits for a contender's first answer. @throws after a minute */
export async function untilUp({ ports }: Pick<Contender, 'ports'>): Promise<void> {
  await untilAnswered(async () => {
    const { status } = await answered(ports, { path: '/1024/up' })
    if (status !== 200) throw new Error(`port ${ports.http} answers with ${status}`)
  })
}

function expectedBody({ path, status, part }: Ask): Buffer {
  if (status === 304) return Buffer.alloc(0)
  const body = bodyOf(path)
  return part === undefined ? body : body.subarray(part[0], part[1] + 1)
}

async function answered(ports: Contender['ports'], ask: Ask): Promise<Answer> {
  if (ask.over === 'h2') return answeredOverHttp2(ports.https, ask)
  const isSecure = ask.over === 'https'
  await using agents = new AsyncDisposableStack()
  const agent = agents.adopt(
    new Agent({ connect: { rejectUnauthorized: false, servername: HOST }, allowH2: false }),
    (one) => one.close(),
  )
  const origin = isSecure ? `https://127.0.0.1:${ports.https}` : `http://127.0.0.1:${ports.http}`
  const { Connection: _, ...headers } = ask.headers ?? {}
  const response = await request(`${origin}${ask.path}`, {
    headers: { ...headers, host: HOST },
    dispatcher: agent,
    reset: ask.headers?.Connection === 'close',
  })
  return { status: response.statusCode, body: Buffer.from(await response.body.arrayBuffer()) }
}

async function answeredOverHttp2(port: number, { path, headers }: Ask): Promise<Answer> {
  const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false, servername: HOST })
  try {
    const stream = session.request({ ':path': path, ':authority': HOST, ...headers })
    const [[head], body] = await Promise.all([once(stream, 'response'), buffer(stream)])
    return { status: Number(head[':status']), body }
  } finally {
    session.destroy()
  }
}

/** Whether a server agrees to speak a protocol (ALPN, RFC 7301): `h2` or `http/1.1`. */
export async function speaks(port: number, protocol: string): Promise<boolean> {
  const socket = connectTls({
    port,
    host: '127.0.0.1',
    servername: HOST,
    ALPNProtocols: [protocol],
    rejectUnauthorized: false,
  })
  try {
    await once(socket, 'secureConnect')
    return socket.alpnProtocol === protocol
  } catch {
    return false // it refuses who offers nothing else, or has no TLS
  } finally {
    socket.destroy()
  }
}

import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:tls'
import { promisify } from 'node:util'
import { findTool } from '../../bench/tools.ts'
import { HOST } from '../../edge/house.ts'
import { certificateFiles, http2Client } from '../../edge/http2-client.ts'

/** What a real client has said on one connection, in frames, the preface not among them. */
export interface Recording {
  client: string
  frames: Buffer[]
}

const PREFACE_BYTES = 24

/** Programs of Debian's, and what they are to ask: hits, misses, an upload, a few connections. */
const PROGRAMS: { name: string; arguments: (url: string) => string[] }[] = [
  {
    name: 'curl',
    arguments: (url) => ['-sk', '--http2', `${url}/kept`, `${url}/new`, '-d', 'some=body', `${url}/post`],
  },
  { name: 'curl', arguments: (url) => ['-sk', '--http2', '-T', import.meta.filename, `${url}/upload`] },
  { name: 'nghttp', arguments: (url) => ['-nv', `${url}/kept`, `${url}/new`, `${url}/kept?2`] },
  {
    name: 'nghttp',
    arguments: (url) => ['-n', '-d', import.meta.filename, '--trailer', 'x-sum: 1', `${url}/post`],
  },
  { name: 'h2load', arguments: (url) => ['-n', '100', '-c', '2', '-m', '20', `${url}/kept`] },
]

/** Has real clients ask an edge, and writes down what they say: TLS ends at a tap between them and begins again. */
export async function record(port: number): Promise<{ recordings: Recording[]; missing: string[] }> {
  const recordings: Recording[] = []
  const missing: string[] = []
  let client = 'node:http2'
  await using certificate = await certificateFiles()
  const pair = { cert: readFileSync(certificate.tls.cert), key: readFileSync(certificate.tls.key) }
  const tap = createServer({ ...pair, ALPNProtocols: ['h2'] }, (viewer) => {
    const said: Buffer[] = []
    const who = client
    const edge = connect({
      port,
      host: '127.0.0.1',
      rejectUnauthorized: false,
      ALPNProtocols: ['h2'],
      servername: HOST,
    })
    viewer.on('data', (bytes: Buffer) => said.push(bytes))
    viewer.on('close', () => recordings.push({ client: who, frames: framesOf(Buffer.concat(said)) }))
    for (const socket of [viewer, edge]) socket.on('error', () => undefined)
    viewer.pipe(edge).pipe(viewer)
  })
  tap.listen(0, '127.0.0.1')
  await once(tap, 'listening')
  const at = (tap.address() as AddressInfo).port
  await askByNode(at)
  for (const { name, arguments: toAsk } of PROGRAMS) {
    client = name
    const program = findTool(name)
    if (program === undefined) missing.push(name)
    // By a name of the site's; `localhost` is where it is.
    else
      await promisify(execFile)(program, toAsk(`https://localhost:${at}`), { timeout: 20_000 }).catch(
        () => undefined,
      )
  }
  tap.close()
  await once(tap, 'close')
  return { recordings: recordings.filter(({ frames }) => frames.length > 0), missing: [...new Set(missing)] }
}

async function askByNode(port: number): Promise<void> {
  await using viewer = await http2Client(port)
  await Promise.all([
    viewer.ask({ path: '/kept' }),
    viewer.ask({ path: '/new' }),
    viewer.ask({ method: 'POST', path: '/post', body: Buffer.alloc(50_000) }),
    viewer.ask({ method: 'HEAD', path: '/kept', fields: ['cookie', 'a=1', 'cookie', 'b=2'] }),
  ])
  const cancelled = viewer.begin({ path: '/new' })
  cancelled.on('error', () => undefined)
  cancelled.close(8)
  await viewer.ask({ path: '/kept' })
}

function framesOf(said: Buffer): Buffer[] {
  const frames: Buffer[] = []
  for (let at = PREFACE_BYTES; at + 9 <= said.length; ) {
    const end = at + 9 + said.readUIntBE(at, 3)
    frames.push(said.subarray(at, end))
    at = end
  }
  return frames
}

/** A recording with some of it changed. @param below a random integer less than what it is given */
export function mutated(all: readonly Recording[], below: (bound: number) => number): Buffer[] {
  const pick = () => (all[below(all.length)] as Recording).frames
  let frames = [...pick()]
  for (let changes = below(4); changes >= 0; changes -= 1) {
    const at = below(frames.length)
    const one = Buffer.from(frames[at] ?? Buffer.alloc(9))
    switch (below(8)) {
      case 0:
        one[below(one.length)] = below(256)
        frames[at] = one
        break
      case 1:
        one[below(Math.min(9, one.length))] = below(256)
        frames[at] = one
        break
      case 2:
        frames.splice(at, 1 + below(3))
        break
      case 3:
        frames.splice(at, 0, one, one)
        break
      case 4:
        frames.splice(below(frames.length + 1), 0, one)
        break
      case 5:
        frames[at] = one.subarray(0, below(one.length))
        break
      case 6: {
        // Two connections in one: their tables don't agree.
        const other = pick()
        frames = [...frames.slice(0, at), ...other.slice(below(other.length))]
        break
      }
      case 7:
        // One that was cut short by another change has no id.
        if (one.length >= 9) one.writeUInt32BE(1 + 2 * below(20), 5)
        frames[at] = one
    }
    if (frames.length === 0) frames = [...pick()]
  }
  return frames
}

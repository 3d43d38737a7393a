import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2'
import { buffer, text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { CANCELLED, type Candidate, must, type World } from './client.ts'
import { keptPart } from './origin.ts'
import { frameBytes, onFrames } from './websocket-frames.ts'

/** node:http2's client, all on one connection. */
export const NODE: Candidate = {
  name: 'node:http2',
  async start(world) {
    const session = connect(world.url, {
      rejectUnauthorized: false,
      settings: { initialWindowSize: 1_048_576 },
    })
    session.on('error', () => undefined) // what was under way fails, and tells
    await once(session, 'remoteSettings')
    session.setLocalWindowSize(16_777_216)
    return {
      name: 'node:http2',
      tasks: {
        page: () => page(session, world),
        async upload() {
          const stream = session.request({ ':method': 'POST', ':path': '/upload' })
          const [said] = await Promise.all([
            text(stream),
            pipeline(createReadStream(world.upload.file), stream, { end: true }).catch(() => undefined),
          ])
          must(said === world.upload.hash, `the origin got other bytes: ${said.slice(0, 80)}`)
          return 'the same bytes'
        },
        async download() {
          const hash = createHash('sha256')
          for await (const chunk of session.request({ ':path': '/download' })) hash.update(chunk as Buffer)
          must(hash.digest('hex') === world.downloadHash, 'other bytes came')
          return 'the same bytes'
        },
        async range() {
          const stream = session.request({ ':path': '/kept', range: 'bytes=500000-501023' })
          const [[head], body] = await Promise.all([once(stream, 'response'), buffer(stream)])
          must(
            head[':status'] === 206 && body.equals(keptPart(500_000, 501_023)),
            `status ${head[':status']}`,
          )
          return '1,024 bytes, the right ones'
        },
        cancelled: () => cancelled(session),
        websocket: () => websocket(session),
      },
      async [Symbol.asyncDispose]() {
        session.destroy()
      },
    }
  },
}

async function page(session: ClientHttp2Session, { page }: World): Promise<string> {
  const bodies = await Promise.all(page.paths.map((path) => buffer(session.request({ ':path': path }))))
  const bytes = bodies.reduce((sum, { byteLength }) => sum + byteLength, 0)
  must(bytes === page.bytes, `${bytes} bytes came, not ${page.bytes}`)
  return `${bodies.length} responses`
}

/** Downloads that are left half way, again and again, and a whole answer after each. */
async function cancelled(session: ClientHttp2Session): Promise<string> {
  for (let round = 0; round < CANCELLED.rounds; round += 1) {
    const streams = Array.from({ length: CANCELLED.streams }, () => session.request({ ':path': '/download' }))
    await Promise.all(streams.map((stream) => once(stream, 'data')))
    const closed = streams.map((stream) => once(stream, 'close'))
    for (const stream of streams) stream.close(constants.NGHTTP2_CANCEL)
    const kept = await buffer(session.request({ ':path': '/kept' }))
    must(kept.equals(keptPart(0, 1_048_575)), 'other bytes came after streams were left')
    await Promise.all(closed)
  }
  return `${CANCELLED.rounds * CANCELLED.streams} left, the connection goes on`
}

/** Bytes of a message that fills more than one frame, and more than one window. */
const MESSAGE_BYTES = 1_000_000

/** A WebSocket on a stream (RFC 8441). */
async function websocket(session: ClientHttp2Session): Promise<string> {
  must(session.remoteSettings.enableConnectProtocol === true, 'not announced')
  const fields = {
    ':protocol': 'websocket',
    ':scheme': 'https',
    ':path': '/socket',
    'sec-websocket-version': '13',
  }
  const stream = session.request({ ':method': 'CONNECT', ...fields }, { endStream: false })
  const [head] = await once(stream, 'response')
  must(head[':status'] === 200, `status ${head[':status']}`)
  for (const payload of [Buffer.from('there and back'), Buffer.alloc(MESSAGE_BYTES, 'selvedge ')]) {
    const echo = nextFrame(stream)
    stream.write(frameBytes({ first: 0x82, payload }, true))
    must((await echo).equals(payload), 'other bytes came back')
  }
  const closed = once(stream, 'close')
  stream.end(frameBytes({ first: 0x88, payload: Buffer.alloc(0) }, true))
  await closed
  must(stream.rstCode === 0, `reset with ${stream.rstCode}`)
  return 'there and back, 1 MB too'
}

function nextFrame(stream: ClientHttp2Stream): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    stream.removeAllListeners('data')
    stream.once('close', () => reject(new Error(`reset with ${stream.rstCode}`)))
    onFrames(stream, ({ payload }) => resolve(payload))
  })
}

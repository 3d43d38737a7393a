import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HOST, type House, houseInFrontOf } from '../house.ts'
import { type CertificateFiles, certificateFiles } from '../http2-client.ts'
import { FLAG, type Frame, frame, type RawHttp2, rawHttp2, section, TYPE } from '../http2-frames.ts'
import { type Site, site } from '../site.ts'

let origin: Site
let house: House
let certificate: CertificateFiles

beforeAll(async () => {
  origin = await site({ 'cache-control': 'no-store' })
  origin.answers((incoming, response) => {
    let bytes = 0
    incoming.on('data', (chunk: Buffer) => {
      bytes += chunk.byteLength
    })
    incoming.on('end', () => response.end(`${bytes} bytes`))
  })
  certificate = await certificateFiles()
  house = await houseInFrontOf(origin.url, { tls: certificate.tls, http2: 'own' })
})

afterAll(async () => {
  await house[Symbol.asyncDispose]()
  await origin[Symbol.asyncDispose]()
  await certificate[Symbol.asyncDispose]()
})

const pseudo = (changed: Record<string, string> = {}) =>
  Object.entries({
    ':method': 'POST',
    ':scheme': 'https',
    ':authority': HOST,
    ':path': '/smuggled',
    ...changed,
  }).flat()

const head = (fields: readonly string[], flags: number = FLAG.endHeaders, stream = 1) =>
  frame(TYPE.headers, flags, stream, section(fields))
const data = (text: string, flags: number = FLAG.endStream, stream = 1) =>
  frame(TYPE.data, flags, stream, Buffer.from(text))

/** What is said of a stream in the end: its status, or the code of its reset or of GOAWAY. */
async function verdictOn(viewer: RawHttp2, stream = 1): Promise<string> {
  const told = () => viewer.frames.map((one) => verdict(one, stream)).find((one) => one !== undefined)
  await expect.poll(() => told() ?? (viewer.closed ? 'closed' : undefined)).toBeDefined()
  return told() ?? 'closed'
}

function verdict({ type, stream, payload }: Frame, asked: number): string | undefined {
  if (type === TYPE.goaway && payload.readUInt32BE(4) > 0) return `goaway ${payload.readUInt32BE(4)}`
  if (stream !== asked) return undefined
  if (type === TYPE.reset) return `reset ${payload.readUInt32BE(0)}`
  return type === TYPE.headers ? 'answered' : undefined
}

/** Sends it on a fresh connection, and a good request behind it. */
async function ask(...frames: readonly Buffer[]): Promise<{ verdict: string; requests: string[] }> {
  const before = origin.requests.length
  const viewer = await rawHttp2(house.securePort)
  viewer.send(...frames)
  const said = await verdictOn(viewer)
  viewer.send(head(pseudo({ ':path': '/good' }), FLAG.endHeaders | FLAG.endStream, 3))
  await verdictOn(viewer, 3)
  viewer.socket.destroy()
  return { verdict: said, requests: origin.requests.slice(before) }
}

const NO_PLACE = [
  ['connection', 'close'],
  ['connection', 'x-forwarded-for'],
  ['keep-alive', 'timeout=5'],
  ['proxy-connection', 'keep-alive'],
  ['transfer-encoding', 'chunked'],
  ['transfer-encoding', 'identity'],
  ['upgrade', 'h2c'],
  ['te', 'gzip'],
  ['te', 'trailers, gzip'],
  ['x-a', '1\r\nx-injected: 1'],
  ['x-a', '1\nx-injected: 1'],
  ['x-a', '1\rx-injected: 1'],
  ['x-a', '1\0'],
  ['x-a', ' 1'],
  ['x-a', '1\t'],
  ['x-a: 1\r\nx-injected', '1'],
  ['x a', '1'],
  ['x-a:', '1'],
  ['Content-Length', '0'],
  ['', '1'],
  ['content-length', '+7'],
  ['content-length', '7, 7'],
  ['content-length', '0x7'],
  ['content-length', ''],
  ['content-length ', '7'],
  [':path', '/other'],
  [':status', '200'],
  ['host', 'other.example'],
  ['host', `${HOST}, other.example`],
] as const

const TARGETS = [
  { ':path': '/a HTTP/1.1' },
  { ':path': '/a\r\nHost: other.example\r\n' },
  { ':path': '/a\tb' },
  { ':path': '/a#b' },
  { ':path': '/\xe9' },
  { ':path': 'a' },
  { ':path': '' },
  { ':path': '*' },
  { ':path': 'https://other.example/' },
  { ':method': 'GET / HTTP/1.1\r\n' },
  { ':method': 'G T' },
  { ':method': '' },
  { ':method': 'CONNECT' },
  { ':scheme': 'http' },
  { ':scheme': 'https ' },
  { ':authority': `someone@${HOST}` },
  { ':authority': `${HOST}/a` },
  { ':authority': `${HOST} ` },
  { ':authority': `${HOST}\r\nx-injected: 1` },
  { ':authority': '' },
]

/** Of the two requests only the good one, for the other was refused; or it was answered by the edge itself. */
const ONLY_GOOD = ['POST /good']

describe('what another reader could take for something else never gets to the origin', () => {
  test.each(NO_PLACE)('a field %j: %j', async (name, value) => {
    const { requests, verdict } = await ask(head([...pseudo(), name, value]), data('1234567'))

    expect(requests.filter((one) => one !== ONLY_GOOD[0])).toEqual([])
    expect(verdict).not.toBe('closed')
  })

  test.each(TARGETS)('%j', async (changed) => {
    const { requests } = await ask(head(pseudo(changed)), data('1234567'))

    expect(requests.filter((one) => one !== ONLY_GOOD[0])).toEqual([])
  })

  test.each([
    { name: 'less than was announced', announced: '8', body: '1234567' },
    { name: 'more than was announced', announced: '6', body: '1234567' },
    { name: 'something where nothing was announced', announced: '0', body: 'GET /smuggled HTTP/1.1\r\n\r\n' },
  ])('a body that has $name is no whole request', async ({ announced, body }) => {
    const { verdict, requests } = await ask(head([...pseudo(), 'content-length', announced]), data(body))

    expect(verdict).toBe('reset 1')
    expect(requests.filter((one) => one !== ONLY_GOOD[0])).toEqual([])
  })

  test('a head that ends its stream has no body to announce', async () => {
    const whole = FLAG.endHeaders | FLAG.endStream
    const { verdict, requests } = await ask(head([...pseudo(), 'content-length', '7'], whole))

    expect(verdict).toBe('reset 1')
    expect(requests).toEqual(ONLY_GOOD)
  })
})

describe('what is allowed means no more than it says', () => {
  test('TE and trailers stay with us', async () => {
    const trailers = head(['x-trailer', '1', 'content-length', '9'], FLAG.endHeaders | FLAG.endStream)
    const { verdict, requests } = await ask(
      head([...pseudo(), 'te', 'trailers', 'content-length', '7']),
      data('1234567', 0),
      trailers,
    )

    expect(verdict).toBe('answered')
    expect(requests).toEqual(['POST /smuggled', ...ONLY_GOOD])
    const { te, trailer, 'x-trailer': said, 'content-length': length } = origin.headers.at(-2) ?? {}
    expect({ te, trailer, said, length }).toEqual({ length: '7' })
  })

  test('a body that looks like a request is a body', async () => {
    const body = '0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: site.example\r\n\r\n'
    const { verdict, requests } = await ask(head(pseudo()), data(body))

    expect(verdict).toBe('answered')
    expect(requests).toEqual(['POST /smuggled', ...ONLY_GOOD])
  })

  test.each([
    ['trailers with a pseudo-header field', [':path', '/other']],
    ['trailers with a field about the connection', ['transfer-encoding', 'chunked']],
    ['trailers with a line end', ['x-a', '1\r\n']],
  ])('%s are an error of their stream', async (_, fields) => {
    const trailers = head(fields as string[], FLAG.endHeaders | FLAG.endStream)
    const { verdict } = await ask(head([...pseudo(), 'content-length', '7']), data('1234567', 0), trailers)

    expect(verdict).toBe('reset 1')
  })
})

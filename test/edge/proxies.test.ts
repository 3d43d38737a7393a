import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { selfSignedCertificate } from '../../deploy/certificate.ts'
import { distributionOf } from './cloudfront-site.ts'
import { HOST, houseInFrontOf } from './house.ts'
import { site } from './site.ts'

const HEADER = 'PROXY TCP4 133.11.0.1 127.0.0.1 4321 80\r\n'
const GET = (path: string, more = '') =>
  `GET ${path} HTTP/1.1\r\nHost: ${HOST}\r\n${more}Connection: close\r\n\r\n`
const BEHAVIOR = {
  cachePolicy: 'CachingDisabled',
  originRequestPolicy: {
    headersConfig: {
      headerBehavior: 'whitelist',
      headers: ['CloudFront-Viewer-Address', 'CloudFront-Viewer-Country'],
    },
  },
}

/** Sends bytes and reads until the end. */
async function raw(port: number, ...texts: string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk
  })
  socket.on('error', () => undefined)
  for (const one of texts) {
    socket.write(one)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  if (!socket.closed) await once(socket, 'close')
  return text
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'selvedge-proxies-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe.each(['on', 'public', 'off'] as const)('PROXY protocol, express lane %s', (lane) => {
  const proxies = { addresses: ['127.0.0.0/8'], by: 'proxy-protocol' }

  test('the viewer is whom a listed proxy names, in what goes on and in the log', async () => {
    await using origin = await site()
    await using house = await houseInFrontOf(distributionOf(origin.url, BEHAVIOR), { proxies, lane })

    const answer = await raw(house.port, `${HEADER}${GET('/p')}`)
    await raw(house.port, HEADER.slice(0, 20), HEADER.slice(20), GET('/q'))

    expect(answer).toMatch(/^HTTP\/1\.1 200/)
    for (const sent of origin.headers.slice(0, 2)) {
      expect(sent).toMatchObject({
        'cloudfront-viewer-address': '133.11.0.1:4321',
        'cloudfront-viewer-country': 'JP',
        'x-forwarded-for': '133.11.0.1',
      })
    }
    const records = await house.records(2)
    expect(records.map(({ clientIp, country }) => [clientIp, country])).toEqual([
      ['133.11.0.1', 'JP'],
      ['133.11.0.1', 'JP'],
    ])
  })

  test('a connection without the header is closed', async () => {
    await using origin = await site()
    await using house = await houseInFrontOf(origin.url, { proxies, lane })
    expect(await raw(house.port, GET('/p'))).toBe('')
    expect(origin.requests).toEqual([])
  })
})

test('PROXY protocol before TLS', async () => {
  const tls = await selfSignedCertificate([HOST], folder)
  await using origin = await site()
  const proxies = { addresses: ['127.0.0.0/8'], by: 'proxy-protocol' }
  await using house = await houseInFrontOf(distributionOf(origin.url, BEHAVIOR), { proxies, tls })
  const plain = connect(house.securePort, '127.0.0.1')
  plain.write(HEADER)
  const socket = connectTls({
    socket: plain,
    servername: HOST,
    rejectUnauthorized: false,
    ALPNProtocols: ['http/1.1'],
  })
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk
  })
  socket.write(GET('/p'))
  await once(socket, 'close')
  expect(text).toMatch(/^HTTP\/1\.1 200/)
  expect(origin.headers[0]).toMatchObject({ 'cloudfront-viewer-address': '133.11.0.1:4321' })
})

describe('X-Forwarded-For', () => {
  const forwarded = { 'x-forwarded-for': '6.6.6.6, 133.11.0.1, 127.0.0.9' }

  test('of a listed proxy names the viewer: the last that is no proxy', async () => {
    await using origin = await site()
    const proxies = { addresses: ['127.0.0.0/8'], by: 'x-forwarded-for' }
    await using house = await houseInFrontOf(distributionOf(origin.url, BEHAVIOR), { proxies })
    await house.get('/p', forwarded)
    await house.get('/q', { 'x-forwarded-for': '193.0.6.139' })
    await house.get('/r', { 'x-forwarded-for': 'no address' })
    await house.get('/s', { 'x-forwarded-for': '::ffff:193.0.6.139' })
    expect(origin.headers.map((sent) => sent['cloudfront-viewer-country'])).toEqual([
      'JP',
      'NL',
      undefined,
      'NL',
    ])
    expect(origin.headers[0]).toMatchObject({ 'x-forwarded-for': '133.11.0.1' })
    expect(origin.headers[3]).toMatchObject({ 'x-forwarded-for': '193.0.6.139' })
  })

  test('of anybody else is not believed', async () => {
    await using origin = await site()
    const proxies = { addresses: ['10.0.0.0/8'], by: 'x-forwarded-for' }
    await using house = await houseInFrontOf(distributionOf(origin.url, BEHAVIOR), { proxies })
    await house.get('/p', forwarded)
    expect(origin.headers[0]).toMatchObject({ 'x-forwarded-for': '127.0.0.1' })
  })
})

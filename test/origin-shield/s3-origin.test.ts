import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import S3rver from 's3rver'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { firstValue } from '../../edge/cache/fields.ts'
import { openS3Origin } from '../../origin-shield/origin/s3.ts'
import { s3Origin } from '../../origin-shield/origin/schema.ts'
import { freePort } from '../free-port.ts'

const KEYS = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' }

async function get(
  endpoint: string,
  target: string,
  { fields = [] as string[], method = 'GET', ...but } = {},
) {
  const origin = openS3Origin(s3Origin.parse({ bucket: 'site', endpoint, prefix: 'live', ...KEYS, ...but }))
  const request = { method, scheme: 'http', host: 'viewer.example', target, fields }
  const response = await origin.fetch(request, AbortSignal.timeout(8_000))
  const body = response.body === undefined ? '' : await text(response.body)
  await origin[Symbol.asyncDispose]()
  return { status: response.status, body, field: (name: string) => firstValue(response.fields, name) }
}

describe('a bucket on a real S3 protocol server', () => {
  let endpoint = ''
  let directory = ''
  let server: S3rver

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'selvedge-s3-'))
    const port = await freePort()
    server = new S3rver({
      address: '127.0.0.1',
      port,
      directory,
      silent: true,
      resetOnClose: true,
      configureBuckets: [{ name: 'site', configs: [] }],
    })
    await server.run()
    endpoint = `http://127.0.0.1:${port}`
    const client = new S3Client({
      endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { ...KEYS },
    })
    const objects = {
      'live/index.html': 'root',
      'live/docs/index.html': 'docs',
      'live/a b+c&d=é(1)!.txt': 'odd',
      'other/secret.txt': 'secret',
    }
    for (const [Key, Body] of Object.entries(objects)) {
      const more = Key.endsWith('.html') ? { ContentType: 'text/html', CacheControl: 'max-age=5' } : {}
      await client.send(new PutObjectCommand({ Bucket: 'site', Key, Body, ...more }))
    }
    client.destroy()
  })
  afterAll(async () => {
    await server.close()
    await rm(directory, { recursive: true, force: true })
  })

  test('signed requests get objects, index documents and odd keys below the prefix', async () => {
    const root = await get(endpoint, '/')
    const docs = await get(endpoint, '/docs/')
    const moved = await get(endpoint, '/docs?x')
    const odd = await get(endpoint, '/a%20b+c&d=%C3%A9(1)!.txt')

    expect([root.status, root.body, root.field('content-type')]).toEqual([200, 'root', 'text/html'])
    expect([root.field('cache-control'), odd.field('cache-control')]).toEqual([
      'max-age=5',
      'public, max-age=60',
    ])
    expect(docs.body).toBe('docs')
    expect([moved.status, moved.field('location')]).toEqual([301, '/docs/?x'])
    expect(odd.body).toBe('odd')
    expect(root.field('x-amz-request-id')).toBeUndefined()
  })

  test('ranges and conditions are S3’s to answer', async () => {
    const etag = (await get(endpoint, '/')).field('etag') as string

    const part = await get(endpoint, '/', { fields: ['Range', 'bytes=1-2'] })
    const same = await get(endpoint, '/', { fields: ['If-None-Match', etag] })

    expect([part.status, part.body]).toEqual([206, 'oo'])
    expect([same.status, same.body]).toEqual([304, ''])
  })

  test('a missing object is a plain 404, and nothing above the prefix is had', async () => {
    const missing = await get(endpoint, '/none.html')
    const above = await get(endpoint, '/../other/secret.txt')

    expect([missing.status, missing.body]).toEqual([404, 'There is no such object.\n'])
    expect(above.status).toBe(400)
  })

  test('an unknown key, or a bucket that isn’t there, is the operator’s to mend', async () => {
    await expect(get(endpoint, '/', { accessKeyId: 'NOBODY' } as object)).rejects.toMatchObject({
      failure: 'OriginUnauthorizedError',
      remedy: expect.stringContaining('accessKeyId'),
    })
    await expect(get(endpoint, '/', { bucket: 'nowhere' } as object)).rejects.toMatchObject({
      remedy: expect.stringContaining('`bucket`'),
    })
  })

  test('reports at start what is wrong, and nothing when nothing is', async () => {
    const good = openS3Origin(s3Origin.parse({ bucket: 'site', endpoint, ...KEYS }))
    const bad = openS3Origin(s3Origin.parse({ bucket: 'site', endpoint: 'http://127.0.0.1:9', ...KEYS }))

    expect(await good.problem()).toBeUndefined()
    expect(await bad.problem()).toContain('OriginConnectError')
  })
})

describe('S3’s errors, byte for byte', () => {
  const xml = (code: string, more = '') =>
    `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>m</Message>${more}</Error>`

  async function answering(...answers: [number, string][]) {
    let asked = 0
    const server = createServer((_, response) => {
      const [status, body] = answers[Math.min(asked, answers.length - 1)] as [number, string]
      asked += 1
      response.writeHead(status, { 'content-type': 'application/xml' }).end(body)
    }).listen({ host: '127.0.0.1', port: 0 })
    await once(server, 'listening')
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      asked: () => asked,
      async [Symbol.asyncDispose]() {
        server.closeAllConnections()
        server.close()
        await once(server, 'close')
      },
    }
  }

  test('403 for an object is a missing one by default, and 403 when asked to tell', async () => {
    await using server = await answering([403, xml('AccessDenied')])

    expect((await get(server.url, '/x.txt')).status).toBe(404)
    expect((await get(server.url, '/x.txt', { forbiddenIsMissing: false } as object)).status).toBe(403)
  })

  test('a bucket of another region names it', async () => {
    await using server = await answering([
      400,
      xml('AuthorizationHeaderMalformed', '<Region>eu-west-1</Region>'),
    ])

    await expect(get(server.url, '/x')).rejects.toMatchObject({
      remedy: expect.stringContaining('eu-west-1'),
    })
  })

  test('SlowDown is tried again with pauses', async () => {
    await using server = await answering([503, xml('SlowDown')], [503, xml('SlowDown')], [200, 'there'])

    const answer = await get(server.url, '/x')

    expect([answer.status, answer.body, server.asked()]).toEqual([200, 'there', 3])
  })
})

import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { startFauxqs } from 'fauxqs'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { readSettings } from '../../edge/program/settings.ts'
import { type ObjectStore, objectStoreSchema } from '../../origin-shield/origin/object-store.ts'
import { openObjectStore } from '../../origin-shield/origin/open-object-store.ts'
import { readPage } from '../../thumbnailer/asked.ts'
import { startThumbnailer } from './program.ts'
import { startSite, twoColours } from './site.ts'

interface Opened extends AsyncDisposable {
  store: ObjectStore
}

async function openFolder(): Promise<Opened & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'selvedge-store-'))
  const store = await openObjectStore({ folder: path })
  return { store, path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** A real server of the S3 protocol, with one bucket. */
async function startS3() {
  const server = await startFauxqs({ port: 0, logger: false })
  const keys = { accessKeyId: 'key', secretAccessKey: 'secret' }
  const endpoint = `http://127.0.0.1:${server.port}`
  const client = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { ...keys },
  })
  await client.send(new CreateBucketCommand({ Bucket: 'pictures' }))
  client.destroy()
  const settings = readSettings(
    objectStoreSchema,
    { s3: { bucket: 'pictures', prefix: 'thumbs', endpoint, ...keys } },
    'test',
  )
  return { settings, endpoint, [Symbol.asyncDispose]: () => server.stop() }
}

async function openBucket(): Promise<Opened> {
  const server = await startS3()
  const store = await openObjectStore(server.settings)
  return {
    store,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

const json = (body: string) => ({ body: Buffer.from(body), contentType: 'application/json' })

describe.each([
  ['a folder', openFolder],
  ['a bucket', openBucket],
])('objects in %s', (_, open) => {
  test('come back as they were put, replaced as a whole', async () => {
    await using opened = await open()
    const { store } = opened

    expect(await store.get('a/b.json')).toBeUndefined()
    await store.put('a/b.json', json('"first, and longer"'))
    await store.put('a/b.json', json('"second"'))

    expect(await store.get('a/b.json')).toEqual(json('"second"'))
    expect(await store.get('a')).toBeUndefined()
    expect(await store.get('a/b.json/c')).toBeUndefined()
  })

  test('are gone once removed, and may be removed again', async () => {
    await using opened = await open()
    const { store } = opened
    await store.put('a.json', json('1'))

    await store.delete('a.json')
    await store.delete('a.json')

    expect(await store.get('a.json')).toBeUndefined()
    expect(await store.problem()).toBeUndefined()
  })

  test('are never half there, whoever reads while they are replaced', async () => {
    await using opened = await open()
    const { store } = opened
    const bodies = ['a', 'b'].map((letter) => letter.repeat(300_000))
    await store.put('x.json', json(bodies[0] as string))

    const writes = Promise.all(
      Array.from({ length: 20 }, (_, at) => store.put('x.json', json(bodies[at % 2] as string))),
    )
    const reads = await Promise.all(Array.from({ length: 40 }, () => store.get('x.json')))
    await writes

    for (const read of reads) expect(bodies.includes(read?.body.toString() ?? '')).toBe(true)
  })

  test.each(['', '/a', 'a/', 'a//b', '../a', 'a/../b', '.', 'a/.b', 'a\\b', 'a\0', 'ü', 'a'.repeat(256)])(
    '%j is no key',
    async (key) => {
      await using opened = await open()

      expect(() => opened.store.get(key)).toThrow(TypeError)
      expect(() => opened.store.put(key, json('1'))).toThrow(TypeError)
      expect(() => opened.store.delete(key)).toThrow(TypeError)
    },
  )
})

describe('a folder', () => {
  test('is cleared of what a killed program left, but not of what another is writing', async () => {
    await using opened = await openFolder()
    const unfinished = join(opened.path, '.unfinished')
    await writeFile(join(unfinished, 'old'), 'half')
    await utimes(join(unfinished, 'old'), 0, 0)
    await writeFile(join(unfinished, 'new'), 'half')

    await openObjectStore({ folder: opened.path })

    expect(await readdir(unfinished)).toEqual(['new'])
  })

  test('that can not be made is an error that says so', async () => {
    await using opened = await openFolder()
    await writeFile(join(opened.path, 'file'), '')

    const opening = openObjectStore({ folder: join(opened.path, 'file', 'folder') })

    await expect(opening).rejects.toMatchObject({
      code: 'SELVEDGE_OBJECT_STORE',
      message: expect.stringContaining(join(opened.path, 'file', 'folder')),
    })
  })

  test('that became unwritable is a problem', async () => {
    await using opened = await openFolder()
    await rm(join(opened.path, '.unfinished'), { recursive: true })
    await mkdir(join(opened.path, '.unfinished-elsewhere'))
    await writeFile(join(opened.path, '.unfinished'), 'a file in the way')

    expect(await opened.store.problem()).toContain(`folder ${opened.path}`)
  })
})

describe('a bucket', () => {
  test('that is missing is a problem, and no missing object', async () => {
    await using server = await startS3()
    const settings = 's3' in server.settings ? server.settings.s3 : undefined
    await using store = await openObjectStore({
      s3: { ...settings, bucket: 'nowhere', prefix: '', region: 'us-east-1' },
    })

    expect(await store.problem()).toContain('bucket nowhere')
    await expect(store.get('a')).rejects.toMatchObject({ code: 'SELVEDGE_OBJECT_STORE' })
  })

  test('of a server that is gone is a problem', async () => {
    const server = await startS3()
    await server[Symbol.asyncDispose]()
    await using store = await openObjectStore(server.settings)

    expect(await store.problem()).toContain('Check that `store.s3.endpoint` is up')
  })

  test('keeps pictures beyond the life of the thumbnailer that made them', async () => {
    await using server = await startS3()
    await using site = await startSite({ '/': twoColours() })
    const s3 = 's3' in server.settings ? server.settings.s3 : undefined
    const ask = { url: 'http://docs.example/', size: 'large' }

    const tags: (string | null)[] = []
    for (let life = 1; life <= 2; life += 1) {
      await using thumbnailer = await startThumbnailer(site, { store: { s3 } })
      const answer = await thumbnailer.ask(ask)
      tags.push(answer.headers.get('etag'))
      expect((await sharp(await answer.arrayBuffer()).metadata()).width).toBe(201)
    }

    expect(tags[0]).toBe(tags[1])
    expect(site.requests).toEqual(['GET docs.example /'])
  })
})

test('what an older version kept of a page is cleared away with its next picture', async () => {
  await using opened = await openFolder()
  await using site = await startSite({ '/': twoColours() })
  const url = 'http://docs.example/'
  const isFronted = () => true
  const page = readPage(new URLSearchParams({ url }), isFronted)
  const folder = `docs.example/${'id' in page ? page.id : ''}`
  const digest = (letter: string) => letter.repeat(32)
  const pairs = { small: ['a', 'b'], large: ['c', 'd'], full: ['e', 'f'] } as const
  const pictures = Object.fromEntries(
    Object.entries(pairs).map(([size, [jpeg, webp]]) => [size, { jpeg: digest(jpeg), webp: digest(webp) }]),
  )
  for (const [jpeg, webp] of Object.values(pairs)) {
    const body = Buffer.from('a picture')
    await opened.store.put(`${folder}/${digest(jpeg)}.jpg`, { body, contentType: 'image/jpeg' })
    await opened.store.put(`${folder}/${digest(webp)}.webp`, { body, contentType: 'image/webp' })
  }
  const first = { version: 1, url, finalUrl: url, status: 200, title: '', renderedAtMs: 1, pictures }
  await opened.store.put(`${folder}/record.json`, json(JSON.stringify(first)))

  await using thumbnailer = await startThumbnailer(site, { store: { folder: opened.path } })
  expect((await thumbnailer.ask({ url })).status).toBe(200)

  const left = await readdir(join(opened.path, folder))
  expect(left.filter((name) => /^([a-f])\1{31}\./.test(name))).toEqual([])
  expect(left).toContain('record.json')
})

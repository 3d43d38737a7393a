import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { describe, expect, test, vi } from 'vitest'
import type { Destination } from '../../analytics/delivery/batch.ts'
import { deliverLogs } from '../../analytics/delivery/deliver.ts'
import { destinationsOf } from '../../analytics/delivery/schedule.ts'
import { loggingSchema } from '../../analytics/delivery/settings.ts'
import { createStatements } from '../../analytics/delivery/statements.ts'
import { KEYS, startS3Server } from '../origin-shield/s3-server.ts'
import { type AccessLog, openAccessLog, viewBut } from './access-log.ts'

vi.setConfig({ testTimeout: 60_000 })

const NOON = Date.UTC(2026, 6, 25, 12)
const HOUR_MS = 3_600_000

/** A record of the docs, with the columns that log files have; it came in at one. */
function record(id: string, difference: Record<string, unknown> = {}) {
  return {
    ...viewBut({ network: '192.0.2.0/24' }),
    stored_at: '2026-07-25 13:00:00',
    request_id: id,
    node: 'cdg1',
    method: 'GET',
    scheme: 'https',
    protocol_version: 'HTTP/2.0',
    result_type: 'Hit',
    ...difference,
  }
}

interface World extends AsyncDisposable {
  log: AccessLog
  folder: string
  /** Delivers as at so many hours after noon. */
  deliver(hours: number): ReturnType<typeof deliverLogs>
  insert(...rows: Record<string, unknown>[]): Promise<void>
  /** Request ids by file, files by name. */
  files(): Promise<Record<string, string[]>>
}

/** A log whose docs are delivered to a folder, from noon on. */
async function world(): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'selvedge-logs-'))
  const log = await openAccessLog()
  const statements = createStatements({ upkeep: log.upkeep, layout: {} })
  const logging = loggingSchema.parse({ folder, prefix: 'shop/' })
  const destinations = await destinationsOf([{ id: 'docs', logging }, { id: 'unlogged' }])
  const deliver = (hours: number) =>
    deliverLogs(statements, { destinations, settleSeconds: 0 }, NOON + hours * HOUR_MS)
  await deliver(0.5)
  return {
    log,
    folder,
    deliver,
    async insert(...values) {
      await log.ingest.insert({ table: 'selvedge.access_log', values, format: 'JSONEachRow' })
    },
    async files() {
      const shop = join(folder, 'shop')
      const names = (await readdir(shop).catch(() => [])).sort()
      const idsOf = async (name: string) => idsIn(gunzipSync(await readFile(join(shop, name))).toString())
      return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await idsOf(name)])))
    },
    async [Symbol.asyncDispose]() {
      await log[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function idsIn(text: string): string[] {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return lines.map((line) => line.split('\t')[14] ?? '')
}

const allOf = (files: Record<string, string[]>) => Object.values(files).flat().sort()

describe('log files', () => {
  test('have the records that are alone in the last second of a file or of an hour', async () => {
    await using at = await world()
    // Each insert is a part of its own.
    await at.insert(record('first', { time: '2026-07-25 12:10:00.000' }))
    await at.insert(record('last-of-file', { time: '2026-07-25 12:20:33.075' }))
    await at.insert(record('last-of-hour', { time: '2026-07-25 13:59:59.500' }))

    await at.deliver(2)

    expect(allOf(await at.files())).toEqual(['first', 'last-of-file', 'last-of-hour'])
  })

  test('are CloudFront’s, to the letter', async () => {
    await using at = await world()
    await at.insert(
      record('id 1', {
        time: '2026-07-25 12:00:07.250',
        host: 'docs.example.com',
        path: "/a%20b/\t'\u00e9<>\\",
        query: 'q=[1]&r={2}~`|^#"',
        referer: 'https://a.example/x?y=1',
        user_agent: 'Mozilla/5.0 (X11; Linux)',
        bytes_sent: 1_234,
        bytes_received: 56,
        time_taken_us: 1_500,
        time_to_first_byte_us: 900,
        content_type: 'text/html',
        content_length: 1_000,
        range_start: 0,
        tls_protocol: 'TLSv1.3',
        tls_cipher: 'TLS_AES_128_GCM_SHA256',
        detailed_result_type: 'OriginShieldHit',
      }),
      record('2', { time: '2026-07-25 12:59:59.999', status: 0, network: '2001:db8:1::/48', path: '' }),
    )

    await at.deliver(1)

    const [name = ''] = await readdir(join(at.folder, 'shop'))
    expect(name).toMatch(/^docs\.2026-07-25-12\.[0-9A-F]{12}\.gz$/)
    const text = gunzipSync(await readFile(join(at.folder, 'shop', name))).toString()
    const fields = [
      ...['2026-07-25', '12:00:07', 'cdg1', '1234', '192.0.2.0', 'GET', 'docs.example.com'],
      ...['/a%2520b/%09%27%C3%A9%3C%3E%5C', '200', 'https://a.example/x?y=1', 'Mozilla/5.0%20(X11;%20Linux)'],
      ...['q=%5B1%5D&r=%7B2%7D%7E%60%7C%5E%23%22', '-', 'Hit', 'id%201', 'docs.example.com', 'https', '56'],
      ...['0.002', '-', 'TLSv1.3', 'TLS_AES_128_GCM_SHA256', 'Hit', 'HTTP/2.0', '-', '-', '-', '0.001'],
      ...['OriginShieldHit', 'text/html', '1000', '0', '-'],
    ]
    const [version, header = '', line, second = '', end] = text.split('\n')
    expect(version).toBe('#Version: 1.0')
    expect(header).toMatch(/^#Fields: date time x-edge-location sc-bytes .* sc-range-start sc-range-end$/)
    expect(header.split(' ')).toHaveLength(34)
    expect(line?.split('\t')).toEqual(fields)
    expect(second.split('\t')).toMatchObject({ 1: '12:59:59', 4: '2001:db8:1::', 7: '-', 8: '000' })
    expect(second.split('\t')).toHaveLength(33)
    expect(end).toBe('')
  })

  test('come when their hour is over, late records in a file of their own, and nothing twice', async () => {
    await using at = await world()
    await at.insert(
      record('early', { time: '2026-07-25 11:59:59' }),
      record('a', { time: '2026-07-25 12:10:00' }),
      record('b', { time: '2026-07-25 13:10:00' }),
      record('other', { time: '2026-07-25 12:10:00', distribution: 'unlogged' }),
    )

    const [open, first, again] = [await at.deliver(0.9), await at.deliver(1.1), await at.deliver(1.2)]
    await at.insert(record('late', { time: '2026-07-25 12:10:00', stored_at: '2026-07-25 14:30:00' }))
    const second = await at.deliver(2.6)
    await at.deliver(2.7)

    expect([open, first, again, second].map(({ files, records }) => [files, records])).toEqual([
      [0, 0],
      [1, 1],
      [0, 0],
      [2, 2],
    ])
    const files = await at.files()
    expect(Object.values(files).sort()).toEqual([['a'], ['b'], ['late']])
    const hours = Object.keys(files).map((name) => name.split('.')[1])
    expect(hours).toEqual(['2026-07-25-12', '2026-07-25-12', '2026-07-25-13'])
  })

  test('that could not be written are written when their place is back, each once', async () => {
    await using at = await world()
    await at.insert(record('a'), record('b', { time: '2026-07-25 13:00:00' }))
    await writeFile(join(at.folder, 'shop'), 'a file where a folder should be')

    const failed = await at.deliver(2)
    await at.insert(record('late', { stored_at: '2026-07-25 14:30:00' }))
    await rm(join(at.folder, 'shop'))
    const mended = await at.deliver(3)
    const again = await at.deliver(3)

    expect(failed.failures).toMatchObject([{ distribution: 'docs' }])
    expect([mended.failures, mended.records, again.records]).toEqual([[], 3, 0])
    expect(Object.values(await at.files()).sort()).toEqual([['a'], ['b'], ['late']])
  })

  test('of a program that was killed after its first file are made again, the same', async () => {
    await using at = await world()
    const rows = Array.from({ length: 60_000 }, (_, n) => ({
      ...record(`${n}`, { time: `2026-07-25 12:${String(n % 60).padStart(2, '0')}:0${n % 10}` }),
    }))
    await at.insert(...rows)
    const statements = createStatements({ upkeep: at.log.upkeep, layout: {} })
    const kept = new Map<string, Buffer>()
    const dying: Destination = {
      prefix: 'shop/',
      store: {
        put: async (key: string, { body }: { body: Buffer }) => {
          if (kept.size > 0) throw new Error('killed')
          kept.set(key, body)
        },
      } as unknown as Destination['store'],
    }
    const destinations = new Map([['docs', dying]])

    await deliverLogs(statements, { destinations, settleSeconds: 0 }, NOON + HOUR_MS)
    await at.insert(record('late', { stored_at: '2026-07-25 14:30:00' }))
    const done = await at.deliver(3)

    expect(done).toMatchObject({ files: 3, records: 60_001, failures: [] })
    const [key = '', body] = [...kept][0] ?? []
    expect((await readFile(join(at.folder, key))).equals(body as Buffer)).toBe(true)
    expect(allOf(await at.files())).toEqual([...rows.map(({ request_id }) => request_id), 'late'].sort())
  })

  test('are written once by two programs that deliver at the same time', async () => {
    await using at = await world()
    const ids = Array.from({ length: 300 }, (_, n) => `${n}`)
    await at.insert(...ids.map((id, n) => record(id, { time: `2026-07-25 1${2 + (n % 3)}:00:00` })))
    const destinations = await destinationsOf([
      { id: 'docs', logging: loggingSchema.parse({ folder: at.folder, prefix: 'shop' }) },
    ])

    await Promise.all(
      [at.log.upkeep, at.log.ingest].map((upkeep) =>
        deliverLogs(
          createStatements({ upkeep, layout: {} }),
          { destinations, settleSeconds: 0 },
          NOON + 3 * HOUR_MS,
        ),
      ),
    )

    const files = await at.files()
    expect(Object.keys(files)).toHaveLength(3)
    expect(allOf(files)).toEqual(ids.sort())
  })

  test('go to a bucket', async () => {
    await using at = await world()
    await using s3 = await startS3Server({ bucket: 'logs' })
    await at.insert(record('a'))
    const logging = loggingSchema.parse({
      s3: { bucket: s3.bucket, endpoint: s3.endpoint, ...KEYS },
      prefix: 'cdn',
    })
    const destinations = await destinationsOf([{ id: 'docs', logging }])
    const statements = createStatements({ upkeep: at.log.upkeep, layout: {} })

    const run = await deliverLogs(statements, { destinations, settleSeconds: 0 }, NOON + HOUR_MS)

    expect(run).toMatchObject({ files: 1, records: 1, failures: [] })
    const [[, { store }] = ['', { store: undefined }]] = destinations
    await store?.[Symbol.asyncDispose]()
    const client = new S3Client({
      endpoint: s3.endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { ...KEYS },
    })
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: 'logs' }))
    const Key = Contents[0]?.Key ?? ''
    expect(Key).toMatch(/^cdn\/docs\.2026-07-25-12\.\w+\.gz$/)
    const { Body } = await client.send(new GetObjectCommand({ Bucket: 'logs', Key }))
    expect(idsIn(gunzipSync((await Body?.transformToByteArray()) ?? '').toString())).toEqual(['a'])
    client.destroy()
  })
})

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { type AccessRecord, formatRecord, RECORD_COLUMNS } from '../../edge/log/record.ts'
import { recordBytesMax, writeRecord } from '../../edge/log/record-bytes.ts'
import { frameOf } from '../../edge/log/segment.ts'
import { startShipper } from '../../edge/log/shipper.ts'
import { openSpool } from '../../edge/log/spool.ts'
import { isSignedBy } from '../../edge/program/shared-key.ts'

const KEY = 'k'.repeat(32)
const log = pino({ level: 'silent' })

function record(but: Partial<AccessRecord> = {}): AccessRecord {
  const empty = Object.fromEntries(RECORD_COLUMNS.map((column) => [column, ''])) as unknown as AccessRecord
  return { ...empty, timeMs: 1, status: 200, requestId: 'r', ...but }
}

async function folder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'selvedge-spool-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}

/** A real HTTP server that plays the collector. */
async function collector(status = 204) {
  const received: { path: string; lines: string; genuine: boolean }[] = []
  let answerWith = status
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const path = request.url ?? ''
    const digest = String(request.headers['content-digest'])
    const signature = String(request.headers['selvedge-signature'])
    received.push({
      path,
      lines: zstdDecompressSync(Buffer.concat(chunks)).toString(),
      genuine: isSignedBy(KEY, 'collector', ['PUT', path, digest], signature, Date.now()),
    })
    response.writeHead(answerWith).end()
  }).listen({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    answers(next: number) {
      answerWith = next
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function shipperOf(directory: string, to: string, spoolBytesMax = 1e9) {
  return startShipper({ directory, node: 'cdg1', collector: to, key: KEY, spoolBytesMax, log })
}

describe('a record on its way', () => {
  test('is one line of printable ASCII, whatever the viewer sent', () => {
    const line = formatRecord(
      record({ path: '/a\tb\nc\\d', userAgent: 'é€\u0000', referer: 'x'.repeat(5_000) }),
    )

    expect(line).toMatch(/^[\x20-\x7e\t]*\n$/)
    expect(line.split('\t')).toHaveLength(RECORD_COLUMNS.length)
    expect(line).toContain('/a%09b%0Ac%5Cd')
    expect(line).toContain('%E9%E2%82%AC%00')
    expect(line.length).toBeLessThan(3_000)
  })

  test('is written as bytes as its line has them, and needs no more room than it is said to', () => {
    const texts = [
      '',
      'plain',
      'a\tb\nc',
      'a\\b',
      'caf\xe9',
      '\u{1f600}\ud800',
      '\x7f',
      '\u20ac'.repeat(3_000),
      'long and plain '.repeat(5),
      `${'long '.repeat(8)}\\`,
      `\t${'long '.repeat(8)}`,
      `${'long '.repeat(8)}\x7f`,
      `${'long '.repeat(8)}caf\xe9`,
      // As bytes, the low halves of these would be plain letters.
      '\u0141'.repeat(40),
    ]
    const numbers = [0, 7, 10, 999_999_999, 1_000_000_000, Number.MAX_SAFE_INTEGER, 2 ** 53, -1, 1.5, 1e21]
    const pick = <Of>(from: readonly Of[], at: number) => from[at % from.length] as Of
    const isNumber = (column: string) =>
      /Ms$|Us$|^(status|bytes|content|range).*(?<!Type)$|^(clientPort|asn)$/.test(column)

    for (let round = 0; round < 80; round += 1) {
      const different = RECORD_COLUMNS.map((column, at) => [
        column,
        isNumber(column) ? pick(numbers, round + at) : pick(texts, round * 3 + at),
      ])
      const odd = { ...Object.fromEntries(different), doNotTrack: '1' } as AccessRecord
      const into = Buffer.alloc(recordBytesMax(odd))

      const end = writeRecord(into, 0, odd)

      expect(into.toString('latin1', 0, end) === formatRecord(odd)).toBe(true)
    }
  })

  test('reaches the collector once, signed, and leaves the disk', async () => {
    await using spooled = await folder()
    await using to = await collector()
    await using spool = openSpool(spooled.path, log)
    await using _shipper = await shipperOf(spooled.path, to.url)

    spool.append(record({ requestId: 'one' }))
    spool.append(record({ requestId: 'two' }))

    await expect.poll(() => to.received.length, { timeout: 5_000 }).toBe(1)
    expect(to.received[0]?.genuine).toBe(true)
    expect(to.received[0]?.path).toMatch(/^\/v1\/segments\/cdg1\/[\w-]+\/0$/)
    expect(to.received[0]?.lines.split('\n')).toHaveLength(3)
    await expect.poll(() => readdir(spooled.path)).toEqual([])
  })

  test('waits while the collector is down or busy, and arrives under the same key', async () => {
    await using spooled = await folder()
    await using to = await collector(503)
    await using spool = openSpool(spooled.path, log)
    await using _shipper = await shipperOf(spooled.path, to.url)

    spool.append(record())
    await expect.poll(() => to.received.length, { timeout: 8_000 }).toBeGreaterThanOrEqual(2)
    expect(await readdir(spooled.path)).toHaveLength(1)
    to.answers(204)

    await expect.poll(() => readdir(spooled.path), { timeout: 5_000 }).toEqual([])
    expect(new Set(to.received.map(({ path }) => path)).size).toBe(1)
  })

  test('survives a kill -9 of its writer; a frame that was torn by it is left out', async () => {
    await using spooled = await folder()
    await using to = await collector()
    const writer = fork(new URL('spool-writer.ts', import.meta.url), [spooled.path], { execArgv: [] })
    await once(writer, 'message') // it has appended a record, and flushes it within 200 ms
    await expect.poll(async () => (await readdir(spooled.path)).length).toBe(1)
    writer.kill('SIGKILL')
    await once(writer, 'exit')
    const torn = Buffer.concat([
      frameOf(formatRecord(record({ requestId: 'whole' }))),
      Buffer.from([9, 0, 0, 0, 1]),
    ])
    await writeFile(join(spooled.path, `${writer.pid}-x-y.00000009.open`), torn)

    await using shipper = await shipperOf(spooled.path, to.url)
    await shipper.adopt(writer.pid as number)

    await expect.poll(() => to.received.length, { timeout: 5_000 }).toBe(2)
    const lines = to.received.map(({ lines }) => lines).join('')
    expect(lines.match(/\n/g)).toHaveLength(2)
    expect(lines).toContain('before the kill')
    expect(lines).toContain('whole')
  })

  test('a full spool drops its oldest segments, and counts them', async () => {
    await using spooled = await folder()
    await using to = await collector(503)
    for (const number of [1, 2, 3]) {
      const frame = frameOf(formatRecord(record({ requestId: 'x'.repeat(1_000) })))
      await writeFile(join(spooled.path, `1-a-b.0000000${number}.sealed`), frame)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }

    await using shipper = await shipperOf(spooled.path, to.url, 2_500)

    await expect.poll(() => shipper.dropped).toBe(1)
    expect((await readdir(spooled.path)).sort()).toEqual(['1-a-b.00000002.sealed', '1-a-b.00000003.sealed'])
  })

  test('a segment that the collector refuses for good is set aside, not lost and not sent again', async () => {
    await using spooled = await folder()
    await using to = await collector(400)
    await writeFile(join(spooled.path, '1-a-b.00000001.sealed'), frameOf(formatRecord(record())))

    await using _shipper = await shipperOf(spooled.path, to.url)

    await expect.poll(() => readdir(spooled.path)).toEqual(['1-a-b.00000001.sealed.refused'])
    expect(to.received).toHaveLength(1)
  })
})

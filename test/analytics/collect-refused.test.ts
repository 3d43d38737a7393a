import { once } from 'node:events'
import { type ClientRequest, request } from 'node:http'
import { zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { type Analytics, directory, rowsIn, startAnalytics } from './analytics.ts'
import { linesOf, NOON_MS, recordBut, requestOf, type Sending } from './segment.ts'

const ROWS = `
  SELECT
    (SELECT count() FROM selvedge.access_log) AS rows,
    (SELECT count() FROM selvedge.rejected) AS rejected`

describe('what is sent to the collector and is no segment', () => {
  const wrong: { what: string; otherwise: Sending; status: number; code: string }[] = [
    {
      what: 'the key of somebody else',
      otherwise: { key: 'x'.repeat(40) },
      status: 401,
      code: 'bad-signature',
    },
    {
      what: 'a signature of an hour ago',
      otherwise: { signedAtMs: NOON_MS - 3_600_000 },
      status: 401,
      code: 'bad-signature',
    },
    {
      what: 'no signature',
      otherwise: { headers: { 'Selvedge-Signature': '' } },
      status: 401,
      code: 'bad-signature',
    },
    {
      what: 'a body that is not the digest’s',
      otherwise: { headers: { 'Content-Digest': `sha-256=:${'A'.repeat(43)}=:` } },
      status: 400,
      code: 'bad-digest',
    },
    {
      what: 'a digest of another kind',
      otherwise: { headers: { 'Content-Digest': 'md5=:AAAA:' } },
      status: 400,
      code: 'bad-digest',
    },
    {
      what: 'a body that is not Zstandard',
      otherwise: { body: Buffer.from('plain') },
      status: 400,
      code: 'bad-compression',
    },
    {
      what: 'half a body',
      otherwise: { body: zstdCompressSync(linesOf(recordBut())).subarray(0, 60) },
      status: 400,
      code: 'bad-compression',
    },
    {
      what: 'a body that unpacks to 100 MB',
      otherwise: { body: zstdCompressSync(Buffer.alloc(100_000_000)) },
      status: 413,
      code: 'too-large',
    },
    {
      what: 'a body of 17 MB',
      otherwise: { body: Buffer.alloc(17 * 1_048_576) },
      status: 413,
      code: 'too-large',
    },
    {
      what: 'another type',
      otherwise: { headers: { 'Content-Type': 'application/json' } },
      status: 415,
      code: 'bad-type',
    },
    {
      what: 'another encoding',
      otherwise: { headers: { 'Content-Encoding': 'gzip' } },
      status: 415,
      code: 'bad-type',
    },
    { what: 'a name with a quote in it', otherwise: { token: "cdg1/7'7/0" }, status: 400, code: 'bad-token' },
    { what: 'a name of two parts', otherwise: { token: 'cdg1/0' }, status: 400, code: 'bad-token' },
    { what: 'a name with a query', otherwise: { token: 'cdg1/77-abc/0?a' }, status: 400, code: 'bad-token' },
    { what: 'a POST', otherwise: { method: 'POST' }, status: 405, code: 'bad-method' },
  ]

  test('is refused with a reason and a remedy, and leaves nothing behind', async () => {
    await using data = await directory()
    await using analytics = await startAnalytics({ data: data.path })

    const answers = await Promise.all(
      wrong.map(async ({ what, otherwise }) => {
        const answer = await sendAgainIfBusy(analytics, linesOf(recordBut()), otherwise)
        const { code, remedy } = (await answer.json()) as Record<string, string>
        expect(remedy, what).toMatch(/^[A-Z].{10,}\.$/)
        return { what, status: answer.status, type: answer.headers.get('content-type'), code }
      }),
    )

    const type = 'application/problem+json'
    expect(answers).toEqual(wrong.map(({ what, status, code }) => ({ what, status, type, code })))
    expect(await rowsIn(data.path, ROWS)).toEqual([{ rows: 0, rejected: 0 }])
    expect(await (await fetch(`${analytics.collector}/healthz`)).text()).toBe('ok\n')
  })

  test('waits when there are too many, and is told when to come again', async () => {
    await using data = await directory()
    await using analytics = await startAnalytics({ data: data.path })
    const slow = await Promise.all(
      Array.from({ length: 16 }, (_, number) => beginSlowly(analytics, `cdg1/slow/${number}`)),
    )

    await expect.poll(async () => (await analytics.send(linesOf(recordBut()))).status).toBe(429)
    const busy = await analytics.send(linesOf(recordBut()))
    for (const sender of slow) sender.destroy()
    await expect.poll(async () => (await analytics.send(linesOf(recordBut()))).status).toBe(204)

    expect(busy.headers.get('retry-after')).toBe('1')
    expect(await rowsIn(data.path, ROWS)).toEqual([{ rows: 1, rejected: 0 }])
  })
})

/** Sends the head and half of the body of a segment, and no more. */
async function beginSlowly(analytics: Analytics, token: string): Promise<ClientRequest> {
  const { path, method, headers, body } = requestOf(linesOf(recordBut()), { token })
  const sender = request(new URL(path, analytics.collector), { method, headers })
  sender.on('error', () => undefined) // it is cut off in the end
  sender.flushHeaders()
  sender.write(body.subarray(0, 20))
  await once(sender, 'socket')
  return sender
}

/** An edge does so; here it keeps the bodies that are sent at once from being in each other's way. */
async function sendAgainIfBusy(analytics: Analytics, lines: string, otherwise: Sending): Promise<Response> {
  for (;;) {
    const answer = await analytics.send(lines, otherwise)
    if (answer.status !== 429) return answer
  }
}

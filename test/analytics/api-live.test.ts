import { once } from 'node:events'
import { connect } from 'node:net'
import type { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { accessSettings } from '../../analytics/api/access.ts'
import { newKey } from '../../analytics/api/keyring.ts'
import { createFollower } from '../../analytics/api/live-streams.ts'
import { type AccessLog, openAccessLog, viewBut, viewsBy } from './access-log.ts'
import { infoApiOn, NOON } from './info-api.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

let log: AccessLog

beforeAll(async () => {
  log = await openAccessLog()
})

afterAll(async () => {
  await log[Symbol.asyncDispose]()
})

const startMs = performance.now()
const { key, sha256 } = newKey()
const keys = [{ name: 'dashboard', sha256, scopes: ['traffic:read' as const] }]

const apiOn = (lookMs = 50) =>
  infoApiOn(log, {
    live: { lookMs, beatMs: 30 },
    now: () => NOON + performance.now() - startMs,
    access: accessSettings.parse({ keys }),
  })

interface Event {
  requests: number
  pageViews: number
  bytes: number
  seconds: number
  sites?: { site: string; requests: number }[]
}

/** The events of an open response, as they come. */
async function* eventsOf(response: Response): AsyncGenerator<{ event: string; data: Event }> {
  let text = ''
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const found = /^event: (\w+)\ndata: (.*)$/.exec(text.slice(0, end))
      text = text.slice(end + 2)
      if (found !== null) yield { event: found[1] ?? '', data: JSON.parse(found[2] ?? '') }
    }
  }
}

/** The first event that tells of any traffic, after the first of all: then what was there before is known. */
async function firstNews(response: Response, meanwhile: () => Promise<void>): Promise<Event> {
  let isFirst = true
  for await (const { data } of eventsOf(response)) {
    if (data.requests > 0) return data
    if (isFirst) await meanwhile()
    isFirst = false
  }
  throw new Error('the stream ended')
}

describe('GET /v1/live', () => {
  test('tells what came since, of all sites and of one, and not what was there before', async () => {
    await using api = await apiOn()
    await log.insert(viewsBy(9, { site: 'before.example' }))
    const abort = new AbortController()
    const [all, one] = await Promise.all(
      ['', '?site=one.example'].map((query) => api.get(`/v1/live${query}`, { signal: abort.signal })),
    )
    if (all === undefined || one === undefined) throw new Error('two were asked')

    const insert = () =>
      log.insert([
        ...viewsBy(2, { site: 'one.example' }),
        ...viewsBy(3, { site: 'two.example' }),
        viewBut({ site: 'two.example', is_page_view: false }),
        viewBut({ site: '' }),
      ])
    const [ofAll, ofOne] = await Promise.all([firstNews(all, insert), firstNews(one, async () => {})])
    abort.abort()

    expect(all.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(all.headers.get('cache-control')).toBe('no-store')
    expect(ofAll).toMatchObject({ requests: 6, pageViews: 5, bytes: 6_000 })
    expect(ofAll.sites).toMatchObject([
      { site: 'two.example', requests: 4 },
      { site: 'one.example', requests: 2 },
    ])
    expect(ofOne).toMatchObject({ site: 'one.example', requests: 2, pageViews: 2, bytes: 2_000 })
  })

  test('who comes later is not told what another site had before', async () => {
    await using api = await apiOn()
    await log.insert(viewsBy(5, { site: 'busy.example' }))
    const abort = new AbortController()
    const follow = (site: string) => api.get(`/v1/live?site=${site}`, { signal: abort.signal })
    const first = await follow('quiet.example')
    const isFollowed = (await eventsOf(first).next()).value?.data

    const later = await follow('busy.example')
    const news = await firstNews(later, () => log.insert([viewBut({ site: 'busy.example' })]))
    abort.abort()

    expect(isFollowed).toMatchObject({ requests: 0 })
    expect(news).toMatchObject({ requests: 1 })
  })

  test('beats while nothing comes, and ends with a goodbye when the server stops', async () => {
    const api = await apiOn(1_000_000)
    const response = await api.get('/v1/live?site=quiet.example')
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()

    let text = ''
    while (!text.includes(': still here\n\n')) text += (await reader?.read())?.value ?? ''
    const stopped = api[Symbol.asyncDispose]()
    for (let part = await reader?.read(); part?.done === false; part = await reader?.read())
      text += part.value
    await stopped

    expect(text.startsWith('retry: 5000\n\n')).toBe(true)
    expect(text.endsWith('event: end\ndata: {}\n\n')).toBe(true)
  })

  test('ten of one caller may follow at a time, and a closed connection makes room', async () => {
    await using api = await apiOn(1_000_000)
    const abort = new AbortController()
    const ask = (signal?: AbortSignal) =>
      api.get('/v1/live', { headers: { 'X-API-Key': key }, ...(signal && { signal }) })

    const first = await Promise.all(Array.from({ length: 10 }, () => ask(abort.signal)))
    const eleventh = await ask()
    const another = await api.get('/v1/live', { signal: abort.signal })
    abort.abort()

    expect(first.map(({ status }) => status)).toEqual(Array(10).fill(200))
    expect(eleventh.status).toBe(429)
    expect(eleventh.headers.get('retry-after')).toBe('30')
    expect(await eleventh.json()).toMatchObject({ code: 'too-many-requests', remedy: expect.any(String) })
    expect(another.status).toBe(200)
    const end = new AbortController()
    await expect.poll(async () => (await ask(end.signal)).status, { timeout: 10_000 }).toBe(200)
    end.abort()
  })

  test('500 may follow in all', async () => {
    await using api = await apiOn(1_000_000)
    const { hostname, port } = new URL(api.url)
    const sockets = Array.from({ length: 501 }, () => connect(Number(port), hostname))

    const heads = await Promise.all(
      sockets.map(async (socket) => {
        socket.write('GET /v1/live HTTP/1.1\r\nHost: a\r\n\r\n')
        return String((await once(socket, 'data'))[0]).slice(9, 12)
      }),
    )
    for (const socket of sockets) socket.destroy()

    expect(Map.groupBy(heads, (status) => status).get('200')).toHaveLength(500)
    expect(Map.groupBy(heads, (status) => status).get('503')).toHaveLength(1)
  })

  test.each([
    ["?site=a' OR 1=1", 'site'],
    ['?site={sites:Array(String)}', 'site'],
    ['?site=', 'site'],
    ['?sites=a.example', 'sites'],
  ])('%s is refused', async (query, field) => {
    await using api = await apiOn()

    expect(await api.ask(`/v1/live${query}`)).toMatchObject({ status: 400, field })
  })
})

test('who reads slowly gets fewer events whose sums are the same, and is never waited for', () => {
  const follower = createFollower(undefined, () => NOON)
  const bySite = new Map([['', { requests: 1, pageViews: 1, bytes: 10 }]])
  const arrived = { atMs: NOON, seconds: 1, bySite }

  for (let at = 0; at < 1_000; at += 1) follower.tell(arrived)
  const waiting = follower.stream.readableLength
  const early = allOf(follower.stream)
  follower.tell(arrived)
  const late = allOf(follower.stream)

  const events = [...`${early}${late}`.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => JSON.parse(data))
  const sumOf = (field: string) => events.reduce((sum, event) => sum + event[field], 0)
  expect(waiting).toBeLessThan(8_192)
  expect(events.length).toBeLessThan(100)
  expect([sumOf('requests'), sumOf('bytes'), sumOf('seconds')]).toEqual([1_001, 10_010, 1_001])
})

/** All that waits in a stream now. */
function allOf(stream: Readable): string {
  let text = ''
  for (let part = stream.read(); part !== null; part = stream.read()) text += part
  return text
}

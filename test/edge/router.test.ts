import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { request } from 'undici'
import { describe, expect, test } from 'vitest'
import { serveAdmin } from '../../edge/program/admin.ts'
import { edns, startRouter, subnet } from './router.ts'

const EXAMPLE = readFileSync(new URL('../../deploy/fleet.example.yaml', import.meta.url), 'utf8')
const AMSTERDAM = edns([subnet('193.0.6.0')])
const addressOf = (answer: { answers?: unknown[] | undefined }) =>
  (answer.answers ?? []).map((one) => (one as { data: string }).data)[0]

/** An edge's `/readyz`, of which a test says what it answers. */
async function fakeEdge() {
  const now = { status: 200, load: '0.1' }
  const server = createServer((_, response) =>
    response.writeHead(now.status, { 'Selvedge-Load': now.load, Connection: 'close' }).end('\n'),
  ).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    now,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/readyz`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** The example with three edges that are probed often: two in Europe, and all others drained. */
function probed(urls: Record<string, string>): (text: string) => string {
  return (text) =>
    text
      .replace(/intervalMs: 2000.*fall: 3/, 'intervalMs: 100, timeoutMs: 1000, rise: 2, fall: 2')
      .replaceAll(/code: (\w+),/g, (whole, code) =>
        code in urls
          ? `${whole} probe: "${urls[code]}",`
          : `${whole} drained: true, probe: "http://127.0.0.1:9/readyz",`,
      )
}

async function told(admin: number, code: string) {
  const { body } = await request(`http://127.0.0.1:${admin}/fleet`)
  const { edges } = (await body.json()) as {
    edges: { code: string; alive: boolean; drained: boolean; load: number }[]
  }
  return edges.find((edge) => edge.code === code)
}

async function wish(admin: number, path: string, body: string, type = 'application/json') {
  const headers = { 'Content-Type': type }
  const answer = await request(`http://127.0.0.1:${admin}${path}`, { method: 'POST', headers, body })
  await answer.body.dump()
  return answer.statusCode
}

describe('probes', () => {
  test('an edge that says it is not ready is out of the answers, and back when it is', async () => {
    await using ams = await fakeEdge()
    await using lhr = await fakeEdge()
    await using router = await startRouter(probed({ ams1: ams.url, lhr1: lhr.url }), { assumeHealthy: false })
    const answer = async () => addressOf(await router.ask('www.edge.example', 'A', AMSTERDAM))
    expect(await answer()).toBe('192.0.2.1')

    ams.now.status = 503
    await expect.poll(answer).toBe('192.0.2.3')
    ams.now.status = 200
    await expect.poll(answer).toBe('192.0.2.1')
  })

  test('a full edge’s viewers go to the next', async () => {
    await using ams = await fakeEdge()
    await using lhr = await fakeEdge()
    await using router = await startRouter(probed({ ams1: ams.url, lhr1: lhr.url }), { assumeHealthy: false })
    ams.now.load = '1'
    await expect
      .poll(async () => addressOf(await router.ask('www.edge.example', 'A', AMSTERDAM)))
      .toBe('192.0.2.3')
    expect((await told(router.admin, 'ams1'))?.load).toBeGreaterThan(0.9)
  })

  test('/readyz of a program says its load', async () => {
    const health = { unready: () => undefined, load: () => 0.25, metrics: async () => '' }
    await using admin = await serveAdmin({ host: '127.0.0.1', port: 0 }, health)
    const { headers, body } = await request(`http://127.0.0.1:${admin.port}/readyz`)
    await body.dump()
    expect(headers['selvedge-load']).toBe('0.250')
  })
})

describe('a person', () => {
  test('drains an edge and takes it in again', async () => {
    await using router = await startRouter()
    const answer = async () => addressOf(await router.ask('www.edge.example', 'A', AMSTERDAM))
    expect(await wish(router.admin, '/drain', '{"edge":"ams1"}')).toBe(200)
    expect(await answer()).not.toBe('192.0.2.1')
    expect(await told(router.admin, 'ams1')).toMatchObject({ drained: true })
    await router.reload(EXAMPLE)
    expect(await told(router.admin, 'ams1')).toMatchObject({ drained: true })
    expect(await wish(router.admin, '/undrain', '{"edge":"ams1"}')).toBe(200)
    expect(await answer()).toBe('192.0.2.1')
  })

  test('is told what is wrong with a wish', async () => {
    await using router = await startRouter()
    expect(await wish(router.admin, '/drain', '{"edge":"xyz9"}')).toBe(404)
    expect(await wish(router.admin, '/drain', '{"edge":1}')).toBe(400)
    expect(await wish(router.admin, '/drain', 'edge=ams1', 'text/plain')).toBe(415)
  })
})

describe('a fleet file that changes', () => {
  test('is taken over; one that can’t be used is not', async () => {
    await using router = await startRouter()
    await router.reload(EXAMPLE.replace('192.0.2.1,', '192.0.2.101,'))
    expect(addressOf(await router.ask('www.edge.example', 'A', AMSTERDAM))).toBe('192.0.2.101')
    const drained = EXAMPLE.replace('code: ams1,', 'code: ams1, drained: true,')
    await router.reload(drained)
    expect(await told(router.admin, 'ams1')).toMatchObject({ drained: true })
    await router.reload(EXAMPLE.replace('192.0.2.1,', '192.0.2.101,'))
    expect(await told(router.admin, 'ams1')).toMatchObject({ drained: false })
    await expect(router.reload('zone: 1')).rejects.toThrow(/zone/)
    expect(addressOf(await router.ask('www.edge.example', 'A', AMSTERDAM))).toBe('192.0.2.101')
  })
})

describe('redirects', () => {
  const trusting = (text: string) =>
    text.replace('trustedProxies: []', 'trustedProxies: [127.0.0.0/8, 10.0.0.0/8]')
  const ask = async (
    port: number,
    options: { path?: string; method?: string; headers?: Record<string, string> } = {},
  ): Promise<Record<string, unknown>> => {
    const { path = '/a/b?c=d&e=%2F', ...more } = options
    const answer = await request(`http://127.0.0.1:${port}`, { path, ...more } as never)
    await answer.body.dump()
    return { status: answer.statusCode, ...answer.headers }
  }

  test('lead to the nearest edge’s own name, path and query kept, and are not kept by others', async () => {
    await using router = await startRouter(trusting)
    const from = { 'X-Forwarded-For': '10.9.9.9, 133.11.0.1, 10.0.0.1' }
    expect(await ask(router.http, { headers: from })).toMatchObject({
      status: 302,
      location: 'https://hnd1.edge.example/a/b?c=d&e=%2F',
      'cache-control': 'private, max-age=30',
    })
    expect(await ask(router.http, { method: 'POST', headers: from })).toMatchObject({ status: 307 })
  })

  test('X-Forwarded-For of anybody else is not believed', async () => {
    await using router = await startRouter()
    const { location } = await ask(router.http, { headers: { 'X-Forwarded-For': '133.11.0.1' } })
    expect(location).toBe('https://ams1.edge.example/a/b?c=d&e=%2F')
  })

  test('don’t go round in circles, and lead nowhere else', async () => {
    await using router = await startRouter()
    expect(await ask(router.http, { headers: { host: 'AMS1.edge.example.:80' } })).toMatchObject({
      status: 508,
    })
    expect(await ask(router.http, { path: '//evil.example/' })).toMatchObject({
      location: 'https://ams1.edge.example//evil.example/',
    })
    expect(await ask(router.http, { headers: { host: 'a b' } })).toMatchObject({ status: 400 })
  })

  test('metrics tell what was answered', async () => {
    await using router = await startRouter()
    await ask(router.http)
    await router.ask('edge.example', 'SOA')
    const { body } = await request(`http://127.0.0.1:${router.admin}/metrics`)
    const text = await body.text()
    expect(text).toContain('selvedge_router_redirects_total{status="302"} 1')
    expect(text).toContain('selvedge_router_edge_alive{edge="ams1"} 1')
    expect(text).toMatch(/selvedge_router_dns_answers_total\{rcode="NOERROR"\} [1-9]/)
  })
})

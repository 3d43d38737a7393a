import { pino } from 'pino'
import { Agent, request } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { distributionSchema } from '../../edge/distribution/schema.ts'
import { askNode } from '../../edge/invalidation/ask-node.ts'
import { assembleInvalidation, type Invalidating } from '../../edge/invalidation/assemble.ts'
import { signatureOf } from '../../edge/invalidation/signature.ts'
import { type Listening, serveAdmin } from '../../edge/program/admin.ts'
import { freePort } from '../free-port.ts'

const KEY = 'k'.repeat(32)
const TOKEN = 't'.repeat(32)
const GOOD = { distribution: 'docs', paths: ['/a'] }

/** A shield's and an edge's admin ports, without the caches. */
async function node(
  tier: 'shield' | 'edge',
  others: { shields?: string[]; edges?: string[] } = {},
  port = 0,
): Promise<Invalidating & Listening> {
  const settings = {
    node: `test-${tier}`,
    key: KEY,
    invalidation: { shields: [], edges: [], token: TOKEN, ...others },
    distributions: [distributionSchema.parse({ id: 'docs', aliases: ['docs.example'] })],
  }
  const invalidating = await assembleInvalidation({ tier, settings, log: pino({ level: 'silent' }) })
  const health = { unready: () => undefined, metrics: async () => '' }
  const listening = await serveAdmin({ host: '127.0.0.1', port }, health, invalidating.routes)
  return {
    ...invalidating,
    port: listening.port,
    async [Symbol.asyncDispose]() {
      await invalidating[Symbol.asyncDispose]()
      await listening[Symbol.asyncDispose]()
    },
  }
}

describe('POST /invalidations', () => {
  let edge: Awaited<ReturnType<typeof node>>
  let client: Agent

  beforeAll(async () => {
    edge = await node('edge')
    client = new Agent()
  })

  afterAll(async () => {
    await client.destroy()
    await edge[Symbol.asyncDispose]()
  })

  async function post(body: unknown, headers: Record<string, string>, path = '/invalidations') {
    const answer = await request(`http://127.0.0.1:${edge.port}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      dispatcher: client,
    })
    return { status: answer.statusCode, body: (await answer.body.json()) as Record<string, unknown> }
  }

  const bearer = { authorization: `Bearer ${TOKEN}` }
  const signed = (body: unknown, key = KEY, nowMs = Date.now()) => ({
    'selvedge-signature': signatureOf(
      key,
      { method: 'POST', target: '/invalidations', body: JSON.stringify(body) },
      nowMs,
    ),
  })

  test('answers with id, number and what each node did', async () => {
    const answer = await post(GOOD, signed(GOOD))

    expect(answer).toMatchObject({
      status: 201,
      body: {
        id: expect.stringMatching(/^I[0-9A-F]{20}$/),
        distribution: 'docs',
        paths: 1,
        tags: 0,
        sequence: 1,
        nodes: [{ tier: 'edge', node: 'test-edge', status: 'applied', sequence: 1 }],
      },
    })
  })

  test.each([
    ['nothing', {}, 401],
    ['the bearer token', bearer, 201],
    ['a wrong token', { authorization: `Bearer ${'x'.repeat(32)}` }, 403],
    ['a signature of this body', signed(GOOD), 201],
    ['a signature with another key', signed(GOOD, 'x'.repeat(32)), 403],
    ['a signature of another body', signed({ ...GOOD, paths: ['/*'] }), 403],
    ['a signature of an hour ago', signed(GOOD, KEY, Date.now() - 3_600_000), 403],
  ])('asked with %s', async (_, headers, status) => {
    expect((await post(GOOD, headers)).status).toBe(status)
  })

  test('the token is for operators: what nodes tell each other needs the key', async () => {
    expect((await post(GOOD, bearer, '/invalidations/apply')).status).toBe(403)
  })

  test.each([
    ['no JSON', '{', undefined, /no JSON/],
    ['no distribution', { paths: ['/a'] }, 'distribution', /found nothing/],
    ['nothing named', { distribution: 'docs' }, 'paths', /at least one path/],
    ['an unknown field', { ...GOOD, path: '/a' }, '', /path/],
    ['a path without slash', { ...GOOD, paths: ['/a', 'b'] }, 'paths[1]', /must begin with `\/`/],
    ['a star in the middle', { ...GOOD, paths: ['/a/*/b'] }, 'paths[0]', /only as its last character/],
    ['a space', { ...GOOD, paths: ['/a b'] }, 'paths[0]', /percent-encode/],
    ['a NUL', { ...GOOD, paths: ['/a%00'] }, 'paths[0]', /can be no request’s path/],
    ['4,001 characters', { ...GOOD, paths: [`/${'a'.repeat(4_000)}`] }, 'paths[0]', /longer than 4000/],
    ['3,001 paths', { ...GOOD, paths: Array(3_001).fill('/a') }, 'paths', /3000/],
    ['a tag with a comma', { ...GOOD, tags: ['a,b'] }, 'tags[0]', /commas/],
    ['an empty tag', { ...GOOD, paths: ['#'] }, 'paths[0]', /visible ASCII/],
    ['soft that is no boolean', { ...GOOD, soft: 'yes' }, 'soft', /boolean/],
  ])('%s: 400, and the field is named', async (_, body, field, detail) => {
    const answer = await post(body, bearer)

    expect(answer).toMatchObject({ status: 400, body: { detail: expect.stringMatching(detail) } })
    expect(answer.body.field).toBe(field)
  })

  test('an unknown distribution is 404', async () => {
    expect(await post({ ...GOOD, distribution: 'nope' }, bearer)).toMatchObject({
      status: 404,
      body: { field: 'distribution' },
    })
  })

  test('a body beyond all limits is 413', async () => {
    expect((await post(' '.repeat(17 * 1_048_576), bearer)).status).toBe(413)
  })

  test('the same reference is the same invalidation, and for other paths a conflict', async () => {
    const asked = { ...GOOD, callerReference: 'deploy 7' }
    const first = await post(asked, bearer)
    const again = await post(asked, bearer)

    expect(again.status).toBe(201)
    expect(again.body.id).toBe(first.body.id)
    expect(again.body.sequence).toBe(first.body.sequence)
    expect(await post({ ...asked, paths: ['/b'] }, bearer)).toMatchObject({
      status: 409,
      body: { field: 'callerReference' },
    })
  })

  test('GET lists the newest first', async () => {
    await post({ ...GOOD, tags: ['last'] }, bearer)
    const url = `http://127.0.0.1:${edge.port}`
    const { body } = await askNode(url, { path: '/invalidations' }, { key: KEY, msMax: 5_000 })

    const [newest, before] = (body as { invalidations: { first: string[]; sequence: number }[] })
      .invalidations
    expect(newest?.first).toEqual(['/a', '#last'])
    expect(before?.sequence).toBe((newest?.sequence ?? 0) - 1)
  })
})

describe('several nodes', () => {
  const ask = (port: number, body: object = GOOD) =>
    askNode(`http://127.0.0.1:${port}`, { path: '/invalidations', body }, { key: KEY, msMax: 10_000 })

  test('shields apply it before any edge is told, whichever node is asked', async () => {
    const shields = [await node('shield'), await node('shield')]
    const edges = [await node('edge'), await node('edge')]
    const url = ({ port }: { port: number }) => `http://127.0.0.1:${port}`
    const all = { shields: shields.map(url), edges: edges.map(url) }
    const asked = await node('edge', all)

    const { status, body } = await ask(asked.port)

    expect(status).toBe(201)
    const { nodes } = body as { nodes: { tier: string; status: string; url?: string }[] }
    expect(nodes.map(({ tier }) => tier)).toEqual(['shield', 'shield', 'edge', 'edge', 'edge'])
    expect([...shields, ...edges, asked].map((one) => one.node.applied)).toEqual([1, 1, 1, 1, 1])
    for (const one of [...shields, ...edges, asked]) await one[Symbol.asyncDispose]()
  })

  test('a node that can’t be reached is named with 207, and has it as soon as it is back', async () => {
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    const edge = await node('edge')
    const asked = await node('shield', { shields: [url], edges: [`http://127.0.0.1:${edge.port}`] })

    const { status, body } = await ask(asked.port)

    expect(status).toBe(207)
    expect(body).toMatchObject({
      nodes: [
        { tier: 'shield', url, status: 'failed', problem: 'ECONNREFUSED' },
        { tier: 'shield', status: 'applied' },
        { tier: 'edge', status: 'applied' },
      ],
    })
    const back = await node('shield', {}, port)
    await expect.poll(() => back.node.applied, { timeout: 10_000 }).toBe(1)
    // What the edge may have fetched from that shield meanwhile goes too.
    await expect.poll(() => edge.node.applied).toBe(2)
    for (const one of [back, edge, asked]) await one[Symbol.asyncDispose]()
  })

  test('a node that was away fetches what it missed before it serves', async () => {
    const other = await node('shield')
    for (const path of ['/a', '/b']) await ask(other.port, { distribution: 'docs', paths: [path] })

    const back = await node('edge', { shields: [`http://127.0.0.1:${other.port}`] })

    expect(back.node.recent.all().map(({ paths }) => paths)).toEqual([['/a'], ['/b']])
    const stored = { group: 'docs', target: '/b', tags: [], validAsOf: 0 }
    expect(back.node.held.verdictOn(stored)).toBe('gone')
    for (const one of [other, back]) await one[Symbol.asyncDispose]()
  })

  test('one that was away for too long drops all that it has', async () => {
    const other = await node('shield')
    for (let at = 0; at <= 1_000; at += 1) {
      await other.node.apply({ ...GOOD, id: `I${at}`, tags: [], soft: false, issuedAtMs: at })
    }

    const back = await node('edge', { shields: [`http://127.0.0.1:${other.port}`] })

    const stored = { group: 'docs', target: '/never-named', tags: [], validAsOf: 0 }
    expect(back.node.held.verdictOn(stored)).toBe('gone')
    for (const one of [other, back]) await one[Symbol.asyncDispose]()
  })
})

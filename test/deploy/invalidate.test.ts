import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Agent, request } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { askNode } from '../../edge/invalidation/ask-node.ts'
import { type Site, site } from '../edge/site.ts'
import { type Selvedge, startSelvedge } from './selvedge.ts'

const INVALIDATE = new URL('../../deploy/invalidate.ts', import.meta.url).pathname
const HOST = 'docs.example'

interface Ended {
  status: number
  stdout: string
  stderr: string
}

function invalidate(...argv: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [INVALIDATE, ...argv], (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

/** What several viewers get, each on a connection of its own, so that every worker is asked. */
async function asked(port: number, path: string): Promise<Set<string>> {
  const answers = Array.from({ length: 24 }, async () => {
    const client = new Agent({ connections: 1 })
    const answer = await request(`http://127.0.0.1:${port}${path}`, {
      headers: { host: HOST },
      dispatcher: client,
    })
    const text = await answer.body.text()
    await client.destroy()
    return text
  })
  return new Set(await Promise.all(answers))
}

describe('npm run invalidate', { timeout: 60_000 }, () => {
  let origin: Site
  let selvedge: Selvedge
  let folder: string
  let version = 1

  beforeAll(async () => {
    origin = await site()
    origin.answers((asking, response) => {
      response.writeHead(200, { 'cache-control': 'max-age=3600', 'cache-tag': `v,${asking.url?.slice(1)}` })
      response.end(`${asking.url} version ${version}`)
    })
    folder = await mkdtemp(join(tmpdir(), 'selvedge-invalidate-'))
    const config = join(folder, 'my.yaml')
    await writeFile(
      config,
      JSON.stringify({
        distributions: [{ id: 'docs', aliases: [HOST], origins: [{ id: 'o', http: { url: origin.url } }] }],
      }),
    )
    selvedge = await startSelvedge(['--config', config, '--only', 'origin-shield,edge', '--workers', '2'])
  })

  afterAll(async () => {
    await selvedge[Symbol.asyncDispose]()
    await origin[Symbol.asyncDispose]()
    await rm(folder, { recursive: true })
  })

  test.each([
    ['a path', ['/a']],
    ['a wildcard', ['/a*']],
    ['a tag', ['#A']],
    ['everything', ['/*']],
  ])(
    '%s: every worker answers anew once the command has ended, and each node has its line',
    async (_, paths) => {
      expect(await asked(selvedge.httpPort, '/a')).toEqual(new Set([`/a version ${version}`]))
      version += 1

      const ended = await invalidate('--distribution', 'docs', ...paths, '--data', selvedge.data)

      expect(ended).toMatchObject({ status: 0, stderr: '' })
      expect(ended.stdout).toMatch(
        /^shield .* applied .* ms\nedge .* applied {2}2 workers .* ms\nI\w+: 2 of 2 nodes, .* ms\n$/,
      )
      expect(await asked(selvedge.httpPort, '/a')).toEqual(new Set([`/a version ${version}`]))
    },
  )

  /** Pids of the edge's workers, as an invalidation of nothing that is there names them. */
  async function workers(): Promise<number[]> {
    const { edgeAdmin } = JSON.parse(await readFile(join(selvedge.data, 'ports.json'), 'utf8'))
    const key = (await readFile(join(selvedge.data, 'key'), 'utf8')).trim()
    const asked = { path: '/invalidations', body: { distribution: 'docs', tags: ['none'] } }
    const { body } = await askNode(`http://127.0.0.1:${edgeAdmin}`, asked, { key, msMax: 10_000 })
    const { nodes } = body as { nodes: { tier: string; processes: { pid: number }[] }[] }
    return nodes
      .filter(({ tier }) => tier === 'edge')
      .flatMap(({ processes }) => processes.map(({ pid }) => pid))
  }

  test('a worker that doesn’t answer is named, and has applied it before it answers anybody again', async () => {
    const [stopped] = await workers()
    await asked(selvedge.httpPort, '/stopped')
    process.kill(stopped as number, 'SIGSTOP')
    version += 1

    const ended = await invalidate('--distribution', 'docs', '/*', '--data', selvedge.data)
    process.kill(stopped as number, 'SIGCONT')

    expect(ended.status).toBe(1)
    // Stopped while it wrote to disk, it holds the lock that recording an invalidation needs.
    expect(ended.stdout).toMatch(new RegExp(`edge .*failed: (no word from worker ${stopped}|not recorded)`))
    const again = await invalidate('--distribution', 'docs', '#none', '--data', selvedge.data)
    expect(again.status).toBe(0)
    expect(await asked(selvedge.httpPort, '/stopped')).toEqual(new Set([`/stopped version ${version}`]))
  })

  test('a worker that was killed doesn’t keep anybody waiting, and the one in its place counts again', async () => {
    const [killed] = await workers()
    process.kill(killed as number, 'SIGKILL')

    const ended = await invalidate('--distribution', 'docs', '/*', '--data', selvedge.data)

    expect(ended.status).toBe(0)
    await expect.poll(async () => (await workers()).length, { timeout: 10_000 }).toBe(2)
    expect(await workers()).not.toContain(killed)
  })

  test('what an unsafe method made invalid in one worker, the others drop too (RFC 9111 §4.4)', async () => {
    await asked(selvedge.httpPort, '/changed')
    version += 1

    await request(`http://127.0.0.1:${selvedge.httpPort}/changed`, { method: 'PUT', headers: { host: HOST } })

    // Best effort, so not at once; and as no shield has it any more, there is no way back.
    await expect
      .poll(() => asked(selvedge.httpPort, '/changed'))
      .toEqual(new Set([`/changed version ${version}`]))
  })

  test('what wasn’t named stays', async () => {
    await asked(selvedge.httpPort, '/b')
    const before = origin.requests.length

    await invalidate('--distribution', 'docs', '/a', '#a', '/c*', '--data', selvedge.data)

    await asked(selvedge.httpPort, '/b')
    expect(origin.requests.slice(before)).toEqual([])
  })

  test.each([
    [['--distribution', 'nope', '/a'], /distribution: there is no distribution nope/],
    [['--distribution', 'docs', 'a'], /paths\[0\]: must begin with `\/`/],
    [['--distribution', 'docs'], /missing required argument/],
    [['/a'], /--distribution/],
  ])('%s can’t be asked for: status 2 and a sentence', async (argv, sentence) => {
    const ended = await invalidate(...argv, '--data', selvedge.data)

    expect(ended.status).toBe(2)
    expect(ended.stderr).toMatch(sentence)
  })
})

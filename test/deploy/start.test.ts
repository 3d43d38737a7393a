import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { request } from 'undici'
import { describe, expect, test } from 'vitest'
import { startSelvedge } from './selvedge.ts'

/** Pids of our programs that use a data directory; none may be left behind. */
function programsOf(data: string): string[] {
  const lines = execFileSync('ps', ['-eo', 'pid,args']).toString().split('\n')
  return lines.filter((line) => line.includes(data))
}

/** Pids below a process, all generations. */
function descendantsOf(pid: number): number[] {
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid=']).toString().trim().split('\n')
  const pairs = rows.map((row) => row.trim().split(/\s+/).map(Number) as [number, number])
  const below = (parent: number): number[] =>
    pairs.filter(([, ppid]) => ppid === parent).flatMap(([child]) => [child, ...below(child)])
  return below(pid)
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false // ESRCH: it is gone
  }
}

describe('npm start', () => {
  test('with a folder: Miss, then Hit with Age; HTTPS; and one signal ends every process with status 0', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'selvedge-www-'))
    await writeFile(join(folder, 'index.html'), '<h1>mine</h1>')
    await using selvedge = await startSelvedge([folder, '--only', 'edge,origin-shield', '--workers', '2'])
    const get = async () => {
      const { statusCode, headers, body } = await request(`http://127.0.0.1:${selvedge.httpPort}/`, {
        headers: { host: 'site.localhost' },
        reset: true,
      })
      return { statusCode, headers, body: await body.text() }
    }

    const [first, second] = [await get(), await get()]
    const processes = descendantsOf(selvedge.process.pid as number)
    const status = await selvedge.stop('SIGTERM')

    expect([first.statusCode, first.body, first.headers['x-cache']]).toEqual([
      200,
      '<h1>mine</h1>',
      'Miss from selvedge',
    ])
    expect(second.headers['x-cache']).toBe('Hit from selvedge')
    expect(second.headers.age).toMatch(/^\d+$/)
    expect(selvedge.stdout()).toContain(`http://site.localhost:${selvedge.httpPort}/`)
    expect(processes.length).toBeGreaterThanOrEqual(4)
    expect(status).toBe(0)
    expect(processes.filter(isAlive)).toEqual([])
    await rm(folder, { recursive: true })
  })

  test('killed outright takes its programs along', async () => {
    await using selvedge = await startSelvedge([
      '/nonexistent',
      '--only',
      'edge,origin-shield',
      '--workers',
      '1',
    ])
    const processes = descendantsOf(selvedge.process.pid as number)

    selvedge.process.kill('SIGKILL')

    await expect.poll(() => processes.filter(isAlive), { timeout: 9_000 }).toEqual([])
  })

  test('reports a missing folder at start, answers 502 with a request id, and goes on', async () => {
    await using selvedge = await startSelvedge([
      '/nonexistent/folder',
      '--only',
      'edge,origin-shield',
      '--quiet',
    ])

    const answer = await request(`http://127.0.0.1:${selvedge.httpPort}/`, {
      headers: { host: 'site.localhost' },
    })

    expect(selvedge.stderr()).toContain('/nonexistent/folder')
    expect(selvedge.stdout()).toBe('Selvedge is ready\n')
    expect(answer.statusCode).toBe(502)
    expect(await answer.body.text()).toMatch(/Request id: \S+/)
  })

  test('a port in use: says which and how to choose another, status 2', async () => {
    const other = createServer().listen({ port: 0, host: '0.0.0.0' })
    await once(other, 'listening')
    const { port } = other.address() as { port: number }
    const folder = await mkdtemp(join(tmpdir(), 'selvedge-config-'))
    const config = join(folder, 'c.yaml')
    await writeFile(config, `originShield: { port: ${port} }`)

    await using selvedge = await startSelvedge(['.', '--only', 'edge,origin-shield', '--config', config])

    expect(selvedge.process.exitCode).toBe(2)
    expect(selvedge.stderr()).toMatch(new RegExp(`port ${port} .*in use\\s+Choose another with`))
    expect(programsOf(selvedge.data)).toEqual([])
    other.close()
    await rm(folder, { recursive: true })
  })

  test.each([
    [
      'one port for two fronts',
      ['--http-port', '24080', '--https-port', '24080'],
      /--https-port: 24080 is also --http-port/,
    ],
    [
      'a certificate that isn’t there',
      ['--cert', '/nonexistent.pem', '--key', '/nonexistent.key'],
      /--cert: \/nonexistent\.pem can't be read/,
    ],
    [
      'a data folder that is a file',
      ['--data', import.meta.filename],
      /--data: .*start\.test\.ts can't be used/,
    ],
  ])('%s is refused with a sentence and status 2', async (_, argv, complaint) => {
    await using selvedge = await startSelvedge(['.', '--only', 'edge'], argv)

    expect(selvedge.process.exitCode).toBe(2)
    expect(selvedge.stderr()).toMatch(complaint)
    expect(selvedge.stderr()).not.toContain('    at ')
  })

  test('a config error ends it with status 2 before a port is opened', async () => {
    await using selvedge = await startSelvedge(['--config', '/nonexistent.yaml'])

    expect(selvedge.process.exitCode).toBe(2)
    expect(selvedge.stderr()).toContain('/nonexistent.yaml')
  })
})

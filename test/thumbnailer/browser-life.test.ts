import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { browserOf, DATA_FOLDER, descendantsOf, isRunning, startThumbnailer } from './program.ts'
import { startSite, twoColours } from './site.ts'

const url = (path: string) => `http://docs.example${path}`

describe('a browser that is lost', () => {
  test('is replaced while a page is under way, and the page is still pictured', async () => {
    const waiting: { end(body: string): void }[] = []
    await using site = await startSite({ '/': (_, response) => void waiting.push(response) })
    await using thumbnailer = await startThumbnailer(site)

    const asked = thumbnailer.ask({ url: url('/') })
    await expect.poll(() => waiting.length).toBe(1)
    const lost = browserOf(thumbnailer.pid) as number
    process.kill(lost, 'SIGKILL')
    await expect.poll(() => waiting.length, { timeout: 10_000 }).toBe(2)
    waiting[1]?.end(twoColours())

    expect((await asked).status).toBe(200)
    expect(browserOf(thumbnailer.pid)).not.toBe(lost)
    expect(await thumbnailer.metric('selvedge_thumbnailer_browser_starts_total{because="lost"}')).toBe(1)
  })

  test('between two pages is replaced for the second', async () => {
    await using site = await startSite({ '/a': twoColours(), '/b': twoColours() })
    await using thumbnailer = await startThumbnailer(site)

    const first = await thumbnailer.ask({ url: url('/a') })
    process.kill(browserOf(thumbnailer.pid) as number, 'SIGKILL')
    const second = await thumbnailer.ask({ url: url('/b') })

    expect([first.status, second.status]).toEqual([200, 200])
  })
})

describe('a browser that is used up', () => {
  test('is replaced, and the old one ends', async () => {
    const paths = ['/1', '/2', '/3', '/4', '/5']
    await using site = await startSite(Object.fromEntries(paths.map((path) => [path, twoColours()])))
    await using thumbnailer = await startThumbnailer(site, { rendersPerBrowser: 2 })

    const answers = await Promise.all(paths.map((path) => thumbnailer.ask({ url: url(path) })))

    expect(answers.map(({ status }) => status)).toEqual(paths.map(() => 200))
    expect(await thumbnailer.metric('selvedge_thumbnailer_browser_starts_total{because="recycled"}')).toBe(2)
    const browsers = () =>
      descendantsOf(thumbnailer.pid)
        .filter(({ command }) => command.includes('--user-data-dir'))
        .map(profileOf)
    await expect.poll(() => new Set(browsers()).size).toBe(1)
  })
})

/** Which browser a process belongs to. */
const profileOf = ({ command }: { command: string }) => /--user-data-dir=(\S+)/.exec(command)?.[1]

const profilesOf = (pid: number) =>
  readdirSync(DATA_FOLDER).filter((name) => name.startsWith(`profile-${pid}-`))

describe('the end of the thumbnailer', () => {
  test('SIGTERM, with a page under way, leaves no process and no profile', async () => {
    const waiting: unknown[] = []
    await using site = await startSite({ '/': (_, response) => void waiting.push(response) })
    await using thumbnailer = await startThumbnailer(site)
    const asked = thumbnailer.ask({ url: url('/') }).catch((error: Error) => error)
    await expect.poll(() => waiting.length).toBe(1)
    const processes = descendantsOf(thumbnailer.pid)
    expect(processes.length).toBeGreaterThan(3)

    thumbnailer.process.kill('SIGTERM')
    const [status] = await once(thumbnailer.process, 'exit')

    await asked
    expect(status).toBe(0)
    expect(processes.filter(({ pid }) => isRunning(pid))).toEqual([])
    expect(profilesOf(thumbnailer.pid)).toEqual([])
  })

  test('kill -9 leaves no process, and the next start clears the profile away', async () => {
    await using site = await startSite({ '/': twoColours() })
    await using killed = await startThumbnailer(site)
    await killed.ask({ url: url('/') })
    const processes = descendantsOf(killed.pid)
    expect(profilesOf(killed.pid)).toHaveLength(1)

    killed.process.kill('SIGKILL')
    await once(killed.process, 'exit')
    await expect.poll(() => processes.filter(({ pid }) => isRunning(pid)), { timeout: 5_000 }).toEqual([])
    await using _next = await startThumbnailer(site)

    expect(profilesOf(killed.pid)).toEqual([])
  })
})

describe("Chromium's sandbox", () => {
  test('stands around every page: seccomp, a network of its own, an unprivileged user', async () => {
    await using site = await startSite({ '/': twoColours() })
    await using thumbnailer = await startThumbnailer(site)
    await thumbnailer.ask({ url: url('/') })

    const walls = thumbnailer.log.find(({ msg }) => msg === 'the browser is walled in')
    const processes = descendantsOf(thumbnailer.pid)
    const renderers = processes.filter(({ command }) => command.includes('--type=renderer'))

    expect(walls).toMatchObject({ sandbox: true, reaches: 'the egress guard only' })
    expect(renderers.length).toBeGreaterThan(0)
    const isRoot = process.getuid?.() === 0
    if (isRoot) expect(walls).toMatchObject({ network: 'its own, with the guard only' })
    for (const { pid } of renderers) {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8')
      expect(status).toMatch(/^Seccomp:\t2$/m)
      expect(status).toMatch(/^NoNewPrivs:\t1$/m)
      expect(readlinkSync(`/proc/${pid}/ns/net`)).not.toBe(readlinkSync('/proc/self/ns/net'))
    }
    const browser = browserOf(thumbnailer.pid)
    if (isRoot) expect(readlinkSync(`/proc/${browser}/ns/net`)).not.toBe(readlinkSync('/proc/self/ns/net'))
    for (const { pid } of processes) {
      expect(readFileSync(`/proc/${pid}/status`, 'utf8')).not.toMatch(/^Uid:.*\t0\t/m)
    }
  })
})

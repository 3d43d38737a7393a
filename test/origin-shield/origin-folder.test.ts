import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { firstValue } from '../../edge/cache/fields.ts'
import { bodyStream, discardBody, type Request } from '../../edge/cache/message.ts'
import { openFolderOrigin } from '../../origin-shield/origin/folder.ts'
import { folderOrigin } from '../../origin-shield/origin/schema.ts'

const GET: Request = { method: 'GET', scheme: 'http', host: 'viewer.example', target: '/', fields: [] }

/** A public folder with the given files, and a secret beside it. */
async function folderWith(files: Record<string, string>) {
  const base = await mkdtemp(join(tmpdir(), 'selvedge-folder-'))
  const root = join(base, 'public')
  await mkdir(root)
  await writeFile(join(base, 'secret.txt'), 'secret')
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(root, path, '..'), { recursive: true })
    await writeFile(join(root, path), content)
  }
  const origin = openFolderOrigin(folderOrigin.parse({ path: root }))
  async function get(target: string, fields: string[] = [], method = 'GET') {
    const response = await origin.fetch({ ...GET, method, target, fields }, new AbortController().signal)
    const body = await text(bodyStream(response))
    return { status: response.status, body, field: (name: string) => firstValue(response.fields, name) }
  }
  return { root, base, origin, get, [Symbol.asyncDispose]: () => rm(base, { recursive: true }) }
}

/** How many files this process has open. */
const openFiles = async () => (await readdir('/dev/fd')).length

describe('preconditions, in the order of RFC 9110 §13.2.2', () => {
  const past = 'Thu, 01 Jan 2004 00:00:00 GMT'
  const future = 'Fri, 01 Jan 2100 00:00:00 GMT'

  test.each([
    [304, ['If-None-Match', '*']],
    [304, ['If-None-Match', '"other", W/ETAG']],
    [200, ['If-None-Match', '"other"', 'If-Modified-Since', future]],
    [304, ['If-Modified-Since', future]],
    [200, ['If-Modified-Since', past]],
    [200, ['If-Modified-Since', 'tomorrow']],
    [412, ['If-Match', '"other"']],
    [412, ['If-Match', 'W/ETAG']],
    [200, ['If-Match', 'ETAG', 'If-Unmodified-Since', past]],
    [412, ['If-Unmodified-Since', past]],
    [412, ['If-Match', '"other"', 'If-None-Match', 'ETAG']],
    [206, ['Range', 'bytes=2-3', 'If-Range', 'ETAG']],
    [200, ['Range', 'bytes=2-3', 'If-Range', 'W/ETAG']],
    [200, ['Range', 'bytes=2-3', 'If-Range', past]],
    [200, ['Range', 'bytes=0-1,4-5']],
    [304, ['Range', 'bytes=90-', 'If-None-Match', 'ETAG']],
  ])('%i for %j', async (status, fields) => {
    await using folder = await folderWith({ 'a.txt': '0123456789' })
    const etag = (await folder.get('/a.txt')).field('etag') as string

    const answer = await folder.get(
      '/a.txt',
      fields.map((value) => value.replace('ETAG', etag)),
    )

    expect(answer.status).toBe(status)
    expect(answer.body).toBe({ 200: '0123456789', 206: '23' }[status] ?? '')
  })

  test('the entity tag changes with the content, even at the same length', async () => {
    await using folder = await folderWith({ 'a.txt': 'before' })
    const { mtime } = await stat(join(folder.root, 'a.txt'))
    const before = (await folder.get('/a.txt')).field('etag')

    await writeFile(join(folder.root, 'next'), 'after!')
    await rename(join(folder.root, 'next'), join(folder.root, 'a.txt'))

    const after = await folder.get('/a.txt')
    expect(after.field('etag')).not.toBe(before)
    expect(Date.parse(after.field('last-modified') ?? '')).toBeGreaterThanOrEqual(+mtime - 1_000)
  })

  test('any range is the same bytes as of the whole file', async () => {
    const whole = Array.from({ length: 200_000 }, (_, at) => String.fromCharCode(97 + (at % 26))).join('')
    await using folder = await folderWith({ 'big.txt': whole })
    const position = fc.nat({ max: whole.length - 1 })

    await fc.assert(
      fc.asyncProperty(position, position, async (one, other) => {
        const [first, last] = [Math.min(one, other), Math.max(one, other)]
        const part = await folder.get('/big.txt', ['Range', `bytes=${first}-${last}`])
        expect(part.status).toBe(206)
        expect(part.body === whole.slice(first, last + 1)).toBe(true)
      }),
      { numRuns: 100 },
    )
  })
})

describe('what a folder does not hand out', () => {
  test('no path gets a byte from outside, however its pieces are joined and encoded', async () => {
    await using folder = await folderWith({ 'index.html': 'public', 'a/b/c.txt': 'public' })
    await symlink('../../secret.txt', join(folder.root, 'a', 'out'))
    await symlink('..', join(folder.root, 'up'))
    const piece = fc.constantFrom(
      ...['..', '.', 'a', 'b', 'up', 'out', 'secret.txt', 'public', 'index.html', ''],
      ...['/', '%2f', '%5c', '\\', '%2e', '%2e%2e', '%252e%252e%252f', '%c0%ae', '%00', '?', '#', ';'],
      ...['%u002e', '\u2025', '%e2%80%a5', '....//', folder.base, encodeURIComponent(folder.base)],
    )

    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 10 }),
        fc.constantFrom('', '/'),
        async (pieces, slash) => {
          const { status, body } = await folder.get(`/${pieces.join(slash)}`)
          expect(body).not.toContain('secret')
          expect([200, 301, 400, 404]).toContain(status)
        },
      ),
      { numRuns: 1_500 },
    )
  })

  test('a link that is swapped while it is asked for gives nothing away', async () => {
    await using folder = await folderWith({ 'in.txt': 'public' })
    const link = join(folder.root, 'link.txt')
    let swapping = true
    const swapped = (async () => {
      for (let turn = 0; swapping; turn += 1) {
        await symlink(turn % 2 === 0 ? 'in.txt' : '../secret.txt', `${link}.new`)
        await rename(`${link}.new`, link)
      }
      return 'done'
    })()

    const answers = new Set<string>()
    for (let asked = 0; asked < 1_000; asked += 1) {
      const { status, body } = await folder.get('/link.txt')
      answers.add(status === 200 ? body : String(status))
    }
    swapping = false
    await swapped

    expect(answers).toEqual(new Set(['public', '404']))
  })

  test('sockets, links in a circle and folders without an index are missing', async () => {
    await using folder = await folderWith({ 'bare/x.txt': 'x' })
    await symlink('circle', join(folder.root, 'circle'))
    const server = createServer().listen(join(folder.root, 'socket'))

    const statuses = await Promise.all(
      ['/socket', '/circle', '/bare', '/bare/', `/${'n'.repeat(300)}`, '/bare/x.txt/y'].map(
        async (target) => (await folder.get(target)).status,
      ),
    )

    expect(statuses).toEqual([404, 404, 404, 404, 404, 404])
    server.close()
  })

  test('a file that may not be read is forbidden', async () => {
    await using folder = await folderWith({ 'closed.txt': 'x' })
    await chmod(folder.base, 0o755)
    await chmod(join(folder.root, 'closed.txt'), 0)
    const isRoot = process.geteuid?.() === 0
    if (isRoot) process.seteuid?.(65_534)

    const answer = await folder.get('/closed.txt').finally(() => isRoot && process.seteuid?.(0))

    expect([answer.status, answer.body]).toEqual([403, 'This object may not be read.\n'])
  })

  test('another host in a redirect', async () => {
    await using folder = await folderWith({ 'evil.example/index.html': 'x' })

    const answers = await Promise.all(
      ['//evil.example', '/%2Fevil.example', '/evil.example?//x'].map((target) => folder.get(target)),
    )

    expect(answers.map(({ status, field }) => [status, field('location')])).toEqual([
      [404, undefined],
      [400, undefined],
      [301, '/evil.example/?//x'],
    ])
  })

  test('anything to methods that would change it', async () => {
    await using folder = await folderWith({ 'a.txt': 'a' })

    const answers = await Promise.all(
      ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'].map((method) => folder.get('/a.txt', [], method)),
    )

    expect(answers.map(({ status, field }) => `${status} ${field('allow')}`)).toEqual(
      Array(5).fill('405 GET, HEAD'),
    )
  })
})

describe('a folder’s files', () => {
  test('have the type of their extension; a name without one says nothing', async () => {
    await using folder = await folderWith({
      css: 'x',
      'a.CSS': 'x',
      'b.svg': 'x',
      'c.wasm': 'x',
      'd.mjs': 'x',
    })

    const types = await Promise.all(
      ['/css', '/a.CSS', '/b.svg', '/c.wasm', '/d.mjs'].map(async (target) =>
        (await folder.get(target)).field('content-type'),
      ),
    )

    expect(types).toEqual([
      'application/octet-stream',
      'text/css; charset=utf-8',
      'image/svg+xml',
      'application/wasm',
      'text/javascript; charset=utf-8',
    ])
  })

  test('an empty one has no byte to give a range of', async () => {
    await using folder = await folderWith({ 'empty.txt': '' })

    const whole = await folder.get('/empty.txt')
    const part = await folder.get('/empty.txt', ['Range', 'bytes=0-'])

    expect([whole.status, whole.field('content-length'), whole.body]).toEqual([200, '0', ''])
    expect([part.status, part.field('content-range')]).toEqual([416, 'bytes */0'])
  })

  test('are closed again, whether read, refused, unread or aborted', async () => {
    await using folder = await folderWith({ 'a.txt': 'x'.repeat(1_000_000), 'docs/index.html': 'x' })
    const before = await openFiles()

    await folder.get('/a.txt')
    await folder.get('/a.txt', [], 'HEAD')
    await folder.get('/a.txt', ['Range', 'bytes=2000000-'])
    await folder.get('/docs')
    const unread = await folder.origin.fetch({ ...GET, target: '/a.txt' }, new AbortController().signal)
    discardBody(unread)
    const viewer = new AbortController()
    const aborted = await folder.origin.fetch({ ...GET, target: '/a.txt' }, viewer.signal)
    viewer.abort()
    await expect(folder.origin.fetch({ ...GET, target: '/a.txt' }, viewer.signal)).rejects.toThrow('aborted')

    expect(bodyStream(aborted).destroyed).toBe(true)
    await expect.poll(openFiles).toBe(before)
  })
})

test('a plain file, or nothing, where the folder should be is the operator’s to mend', async () => {
  await using folder = await folderWith({ 'file.txt': 'x' })
  for (const path of [join(folder.root, 'file.txt'), join(folder.root, 'none')]) {
    await using origin = openFolderOrigin(folderOrigin.parse({ path }))

    expect(await origin.problem()).toContain(path)
    await expect(origin.fetch(GET, new AbortController().signal)).rejects.toMatchObject({
      failure: 'OriginConnectError',
      status: 502,
      remedy: expect.stringContaining(path),
    })
  }
})

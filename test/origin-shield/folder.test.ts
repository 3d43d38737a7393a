import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { firstValue } from '../../edge/cache/fields.ts'
import { openFolderOrigin } from '../../origin-shield/origin/folder.ts'
import { objectPathOf } from '../../origin-shield/origin/object-path.ts'

/** A folder with the given files, beside one that must never be read. */
async function folderWith(files: Record<string, string>) {
  const base = await mkdtemp(join(tmpdir(), 'selvedge-folder-'))
  const root = join(base, 'public')
  await mkdir(root)
  await writeFile(join(base, 'secret.txt'), 'secret')
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(root, path, '..'), { recursive: true })
    await writeFile(join(root, path), content)
  }
  const origin = openFolderOrigin({ path: root, indexDocument: 'index.html', cacheControl: 'max-age=60' })
  async function get(target: string, fields: string[] = [], method = 'GET') {
    const request = { method, scheme: 'http', host: 'h', target, fields }
    const response = await origin.fetch(request, new AbortController().signal)
    const body = response.body === undefined ? '' : await text(response.body)
    return { status: response.status, body, field: (name: string) => firstValue(response.fields, name) }
  }
  return { root, base, origin, get, [Symbol.asyncDispose]: () => rm(base, { recursive: true }) }
}

describe('a folder as an origin', () => {
  test('serves files with type, validators and the configured lifetime', async () => {
    await using folder = await folderWith({ 'page.html': 'hello', 'ümläut & co.txt': 'x' })

    const page = await folder.get('/page.html?query')
    const odd = await folder.get('/%C3%BCml%C3%A4ut%20&%20co.txt')

    expect([page.status, page.body]).toEqual([200, 'hello'])
    expect(page.field('content-type')).toBe('text/html; charset=utf-8')
    expect(page.field('content-length')).toBe('5')
    expect(page.field('cache-control')).toBe('max-age=60')
    expect(page.field('etag')).toMatch(/^"[^"]+"$/)
    expect(odd.body).toBe('x')
  })

  test('answers HEAD, conditional and range requests', async () => {
    await using folder = await folderWith({ 'a.txt': '0123456789' })
    const etag = (await folder.get('/a.txt')).field('etag') as string

    const head = await folder.get('/a.txt', [], 'HEAD')
    const same = await folder.get('/a.txt', ['If-None-Match', etag])
    const part = await folder.get('/a.txt', ['Range', 'bytes=-3'])
    const stale = await folder.get('/a.txt', ['Range', 'bytes=0-1', 'If-Range', '"other"'])
    const beyond = await folder.get('/a.txt', ['Range', 'bytes=10-'])

    expect([head.status, head.body, head.field('content-length')]).toEqual([200, '', '10'])
    expect([same.status, same.body]).toEqual([304, ''])
    expect([part.status, part.body, part.field('content-range')]).toEqual([206, '789', 'bytes 7-9/10'])
    expect([stale.status, stale.body]).toEqual([200, '0123456789'])
    expect([beyond.status, beyond.field('content-range')]).toEqual([416, 'bytes */10'])
  })

  test('has index documents, and sends to the address with the slash', async () => {
    await using folder = await folderWith({
      'index.html': 'root',
      'docs/index.html': 'docs',
      'bare/x.txt': 'x',
    })

    expect((await folder.get('/')).body).toBe('root')
    expect((await folder.get('/docs/')).body).toBe('docs')
    const moved = await folder.get('/docs?a=b')
    expect([moved.status, moved.field('location')]).toEqual([301, '/docs/?a=b'])
    expect([(await folder.get('/bare')).status, (await folder.get('/bare/')).status]).toEqual([404, 404])
  })

  test.each([
    ['/../secret.txt', 400],
    ['/%2e%2e/secret.txt', 400],
    ['/..%2fsecret.txt', 400],
    ['/..%5csecret.txt', 400],
    ['/a/%2E%2E/%2e%2e/secret.txt', 400],
    ['/%252e%252e/secret.txt', 404],
    ['/%c0%ae%c0%ae/secret.txt', 400],
    ['/page.html%00.png', 400],
    ['/%zz', 400],
    ['/outside', 404],
    ['/outside-folder/secret.txt', 404],
    ['/.env', 404],
    ['/.git/config', 404],
    ['//page.html', 404],
    ['/page.html/', 404],
    ['/pipe', 404],
  ])('%s leads nowhere', async (target, status) => {
    await using folder = await folderWith({ 'page.html': 'x', '.env': 'secret', '.git/config': 'secret' })
    await symlink(join(folder.base, 'secret.txt'), join(folder.root, 'outside'))
    await symlink(folder.base, join(folder.root, 'outside-folder'))
    execFileSync('mkfifo', [join(folder.root, 'pipe')])

    const answer = await folder.get(target)

    expect(answer.status).toBe(status)
    expect(answer.body).not.toContain('secret')
  })

  test('links within and .well-known work', async () => {
    await using folder = await folderWith({ 'a.txt': 'a', '.well-known/b.txt': 'b' })
    await symlink('a.txt', join(folder.root, 'link.txt'))

    expect((await folder.get('/link.txt')).body).toBe('a')
    expect((await folder.get('/.well-known/b.txt')).body).toBe('b')
  })

  test('a file that shrinks while it is read breaks off', async () => {
    await using folder = await folderWith({ 'big.bin': 'x'.repeat(1_000_000) })
    const request = { method: 'GET', scheme: 'http', host: 'h', target: '/big.bin', fields: [] }
    const response = await folder.origin.fetch(request, new AbortController().signal)

    await truncate(join(folder.root, 'big.bin'), 100)

    await expect(text(response.body as NonNullable<typeof response.body>)).rejects.toThrow(/shorter/)
  })

  test('a missing folder is a problem at start and a failure later, never a 404', async () => {
    const origin = openFolderOrigin({
      path: '/nonexistent/selvedge',
      indexDocument: 'index.html',
      cacheControl: '',
    })
    const request = { method: 'GET', scheme: 'http', host: 'h', target: '/', fields: [] }

    expect(await origin.problem()).toContain('/nonexistent/selvedge')
    await expect(origin.fetch(request, new AbortController().signal)).rejects.toThrow('OriginConnectError')
  })

  test('no path whatever decodes to a name that leads up or away', () => {
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom('..', '%2e', '%2f', '%5c', '%00', '.', '%c0%af', '/', '\\'),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const names = objectPathOf(`/${pieces.join('')}`) ?? []
        expect(join('/root', ...names).startsWith('/root')).toBe(true)
        expect(names.every((name) => !/[/\\\0]/.test(name) && name !== '..')).toBe(true)
      }),
      { numRuns: 5_000 },
    )
  })
})

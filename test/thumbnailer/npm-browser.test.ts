import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { type NpmBrowser, unpackNpmBrowser } from '../../thumbnailer/browser/npm-browser.ts'

const run = promisify(execFile)

async function emptyFolder() {
  const path = await mkdtemp(join(tmpdir(), 'selvedge-browser-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}

describe('the browser from npm', () => {
  test('is unpacked whole and once by two that start together, and runs on what it brings', async () => {
    await using folder = await emptyFolder()
    const forgotten = join(folder.path, 'unpacking-999999999-killed')
    await mkdir(forgotten)

    const [one, other] = await Promise.all([unpackNpmBrowser(folder.path), unpackNpmBrowser(folder.path)])
    const browser = one as NpmBrowser

    expect(other).toEqual(one)
    expect(await readdir(folder.path)).toEqual([expect.stringMatching(/^chromium-\d+\.\d+\.\d+$/)])
    expect(await readdir(browser.fontFolder)).not.toEqual([])
    for (const name of await readdir(browser.libraryFolder)) {
      const { uid, mode } = await stat(join(browser.libraryFolder, name))
      expect([uid, mode & 0o022, mode & 0o004]).toEqual([process.getuid?.(), 0, 0o004])
    }
    await runsOnItsOwnLibraries(browser)
  })

  /** What a bare machine lacks is found in the package's folder, and no library is missing. */
  async function runsOnItsOwnLibraries({ executable, libraryFolder }: NpmBrowser): Promise<void> {
    const env = { PATH: process.env.PATH, LD_LIBRARY_PATH: libraryFolder }
    const { stdout } = await run('ldd', [executable], { env })

    for (const library of ['libnss3.so', 'libnssutil3.so', 'libnspr4.so', 'libexpat.so.1']) {
      expect(stdout).toContain(`${library} => ${libraryFolder}/${library}`)
    }
    expect(stdout).not.toContain('not found')
    const outside = stdout.split('\n').filter((line) => line.includes('=>') && !line.includes(libraryFolder))
    const glibc = /^\s(libc|libm|libdl|libpthread|librt|libgcc_s)\.so/
    expect(outside.filter((line) => !glibc.test(line))).toEqual([])
    expect((await run(executable, ['--version'], { env })).stdout).toMatch(/^\S.* \d+\.\d+\.\d+\.\d+/)
  }

  test('is not taken from a folder that others can write', async () => {
    await using folder = await emptyFolder()
    await mkdir(join(folder.path, 'chromium-153.0.0'))
    await writeFile(join(folder.path, 'chromium-153.0.0', 'chromium'), 'planted')
    await run('chmod', ['777', join(folder.path, 'chromium-153.0.0')])

    await expect(unpackNpmBrowser(folder.path)).rejects.toThrow('can be written by others; remove it')
  })
})

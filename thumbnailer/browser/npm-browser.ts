import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { isAlive } from './processes.ts'

/** What the npm package gives: a headless shell for Linux, what it needs to run on a bare machine, a font. */
export interface NpmBrowser {
  executable: string
  /** libnss3, libnspr4 and libexpat, for a system without them. */
  libraryFolder: string
  fontFolder: string
}

/**
 * Chromium from `@sparticuz/chromium`, unpacked on first use (209 MB, 2 s) to a folder that carries
 * its version; `undefined` on systems that the package has no browser for.
 *
 * The package's own `executablePath()` unpacks to fixed names in the shared temporary folder: two
 * programs starting at once, an older version or a planted file would all be taken for the browser.
 * Here everything is unpacked aside and the folder gets its name last, so it is there whole or not at
 * all; of two programs that unpack at once the first to rename wins.
 *
 * @param parent folder that only we can write
 */
export async function unpackNpmBrowser(parent: string): Promise<NpmBrowser | undefined> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined
  const packageFolder = join(dirname(fileURLToPath(import.meta.resolve('@sparticuz/chromium'))), '..')
  const { version } = JSON.parse(await readFile(join(packageFolder, 'package.json'), 'utf8')) as {
    version: string
  }
  const folder = join(parent, `chromium-${version}`)
  await removeForgotten(parent)
  if (!existsSync(folder)) await unpackTo(folder, join(packageFolder, 'bin'))
  await checkIsOurs(folder)
  return {
    executable: join(folder, 'chromium'),
    libraryFolder: join(folder, 'al2023', 'lib'),
    fontFolder: join(folder, 'fonts', 'fonts'),
  }
}

const UNPACKING = /^unpacking-(\d+)-/

async function unpackTo(folder: string, archives: string): Promise<void> {
  await mkdir(dirname(folder), { recursive: true, mode: 0o755 })
  const staging = await mkdtemp(join(dirname(folder), `unpacking-${process.pid}-`))
  try {
    await inflateInto(staging, archives)
    await makeReadable(staging)
    await rename(staging, folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    })
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

/** The package unpacks to the temporary folder, so it runs where that is ours: in a thread of its own. */
async function inflateInto(staging: string, archives: string): Promise<void> {
  const worker = new Worker(new URL('./unpack-worker.ts', import.meta.url), {
    env: { ...process.env, TMPDIR: staging },
    workerData: { archives },
  })
  const [status] = await once(worker, 'exit') // rejects when the worker throws
  if (status !== 0) throw new Error(`unpacking @sparticuz/chromium ended with status ${status}`)
}

/** Archives carry modes of the machine that made them; here the browser's user reads and nobody writes. */
async function makeReadable(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name)
    const { mode } = await lstat(path)
    const isProgram = (mode & 0o100) !== 0
    await chmod(path, isProgram ? 0o755 : 0o644)
  }
  await chmod(folder, 0o755)
}

async function checkIsOurs(folder: string): Promise<void> {
  const { uid, mode } = await lstat(folder)
  const writable = (mode & 0o022) !== 0
  if (uid === process.getuid?.() && !writable) return
  throw new Error(`${folder} belongs to somebody else or can be written by others; remove it`)
}

async function removeForgotten(parent: string): Promise<void> {
  const names = existsSync(parent) ? await readdir(parent) : []
  for (const name of names) {
    const pid = UNPACKING.exec(name)?.[1]
    if (pid !== undefined && !isAlive(Number(pid)))
      await rm(join(parent, name), { recursive: true, force: true })
  }
}

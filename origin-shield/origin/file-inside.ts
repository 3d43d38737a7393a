import { constants } from 'node:fs'
import { type FileHandle, open, realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'

/** A file that was opened once: what is checked is what is read. Whoever gets it closes it. */
export interface OpenFile {
  file: FileHandle
  size: number
  mtime: Date
  /** Changes whenever the content does: a strong entity tag (RFC 9110 §8.8.1). */
  etag: string
}

/**
 * Opens a file for reading, if it lies within a folder once all links on the way are followed.
 *
 * Never waits: not on a pipe that nobody writes to, nor on a device.
 *
 * @param root real path of the folder
 * @param names below it, none of them empty, `.` or `..`
 * @returns `'folder'` where a folder has the name; `undefined` for what is outside or no plain file
 * @throws the file system's own errors: ENOENT, EACCES, EMFILE …
 */
export async function openInside(
  root: string,
  names: readonly string[],
): Promise<OpenFile | 'folder' | undefined> {
  const asked = join(root, ...names)
  const file = await open(asked, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  let kept = false
  try {
    const stats = await file.stat({ bigint: true })
    if (!(await leadsInside(root, asked, stats))) return undefined
    if (stats.isDirectory()) return 'folder'
    if (!stats.isFile()) return undefined
    kept = true
    const { size, mtimeNs, ino, mtime } = stats
    const etag = `"${[size, mtimeNs, ino].map((number) => number.toString(36)).join('-')}"`
    return { file, size: Number(size), mtime, etag }
  } finally {
    if (!kept) await file.close()
  }
}

/**
 * Whether what is open lies within the root. The path is resolved after the open and must lead to the
 * very file that is open, so a link swapped in between gives nothing away.
 */
async function leadsInside(
  root: string,
  asked: string,
  open: { dev: bigint; ino: bigint },
): Promise<boolean> {
  const real = await realpath(asked)
  if (real !== root && !real.startsWith(root.endsWith(sep) ? root : root + sep)) return false
  const { dev, ino } = await stat(real, { bigint: true })
  return dev === open.dev && ino === open.ino
}

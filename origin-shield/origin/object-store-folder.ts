import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import mime from 'mime'
import { checkedKey, OBJECT_BYTES_MAX, type ObjectStore, ObjectStoreError } from './object-store.ts'

/** Where objects are written before they get their name; no key begins with a dot. */
const UNFINISHED = '.unfinished'

/** An unfinished file as old as this belongs to a program that was killed, ms. */
const UNFINISHED_AGE_MS_MAX = 3_600_000

/**
 * Objects as files of a folder. The content type is that of the file name, as for a web server: an
 * object's key ends in the extension of its type.
 */
export async function openFolderStore(folder: string): Promise<ObjectStore> {
  const root = resolve(folder)
  const unfinished = join(root, UNFINISHED)
  const name = `folder ${root}`
  const remedy = `Check that ${root} can be read and written, and that its disk has room.`

  async function attempt<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (cause) {
      if (cause instanceof ObjectStoreError) throw cause
      throw new ObjectStoreError(`${what} in ${name}`, remedy, { cause })
    }
  }

  const store: ObjectStore = {
    name,
    get(key) {
      const path = join(root, checkedKey(key))
      return attempt(`reading ${key}`, async () => {
        const entry = await stat(path).catch(missingIsUndefined)
        if (!entry?.isFile()) return undefined
        if (entry.size > OBJECT_BYTES_MAX) {
          throw new Error(`it has ${entry.size} bytes, at most ${OBJECT_BYTES_MAX} are read`)
        }
        const body = await readFile(path).catch(missingIsUndefined)
        return body && { body, contentType: contentTypeOf(key) }
      })
    },
    put(key, object) {
      const path = join(root, checkedKey(key))
      if (contentTypeOf(key) !== object.contentType) {
        throw new TypeError(`${key} is named like ${contentTypeOf(key)}, but is ${object.contentType}`)
      }
      const partial = join(unfinished, randomUUID())
      return attempt(`writing ${key}`, async () => {
        try {
          await writeThrough(partial, object.body)
          await mkdir(dirname(path), { recursive: true })
          await rename(partial, path)
        } catch (error) {
          await rm(partial, { force: true })
          throw error
        }
      })
    },
    delete(key) {
      const path = join(root, checkedKey(key))
      return attempt(`removing ${key}`, () => rm(path, { force: true }))
    },
    async problem() {
      try {
        const key = `probe-${randomUUID()}.txt`
        await store.put(key, { body: Buffer.from('probe'), contentType: 'text/plain' })
        await store.delete(key)
        return undefined
      } catch (error) {
        return (error as Error).message
      }
    },
    async [Symbol.asyncDispose]() {},
  }

  await attempt('making the folder', () => mkdir(unfinished, { recursive: true }))
  await attempt('clearing up', () => removeForgotten(unfinished))
  return store
}

function contentTypeOf(key: string): string {
  return mime.getType(key) ?? 'application/octet-stream'
}

/** On the disk before it gets its name: after a power cut a name never stands for half an object. */
async function writeThrough(path: string, body: Buffer): Promise<void> {
  await using file = await open(path, 'wx')
  await file.writeFile(body)
  await file.datasync()
}

/** Files that a killed program left. A living one may be writing beside us, so only old ones go. */
async function removeForgotten(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    const entry = await stat(path).catch(missingIsUndefined)
    if (entry !== undefined && entry.mtimeMs < Date.now() - UNFINISHED_AGE_MS_MAX)
      await rm(path, { force: true })
  }
}

function missingIsUndefined(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error
}

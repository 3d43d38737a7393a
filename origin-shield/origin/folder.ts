import { constants } from 'node:fs'
import { type FileHandle, open, realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import mime from 'mime'
import { ifRangeHolds, preconditionOf } from '../../edge/cache/conditional.ts'
import { type Fields, firstValue } from '../../edge/cache/fields.ts'
import type { Request, Response } from '../../edge/cache/message.ts'
import { type ByteRange, contentRange, rangeOf, unsatisfiedRange } from '../../edge/cache/range.ts'
import { UpstreamError } from '../../edge/cache/upstream-error.ts'
import { fileBody } from './file-body.ts'
import { objectPathOf } from './object-path.ts'
import type { Origin } from './origin.ts'
import { plainResponse } from './plain-response.ts'
import type { FolderOriginSettings } from './schema.ts'

/** A file that was found, opened once: what is checked is what is read. */
interface Found {
  file: FileHandle
  size: number
  fields: string[]
}

/** A folder on this machine's disk as an origin. Nobody gets out of it, whatever the path or the links in it say. */
export function openFolderOrigin(settings: FolderOriginSettings): Origin {
  const name = `folder ${settings.path}`

  async function fetch(request: Request): Promise<Response> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return plainResponse(405, 'A folder takes GET and HEAD only.', ['Allow', 'GET, HEAD'])
    }
    const names = objectPathOf(request.target)
    if (names === undefined) return plainResponse(400, 'The path is malformed.', [], request.method)
    if (names.some(isHidden)) return missing(request)
    const root = await realRoot()
    try {
      return await fetchFrom(root, names, request)
    } catch (error) {
      return failureResponse(error, request)
    }
  }

  async function fetchFrom(root: string, names: readonly string[], request: Request): Promise<Response> {
    const isFolder = names.at(-1) === ''
    if (isFolder && settings.indexDocument === false) return missing(request)
    const path = isFolder ? [...names.slice(0, -1), settings.indexDocument as string] : [...names]
    // An empty name within would be skipped by the file system, and so give one file two URLs.
    if (path.includes('')) return missing(request)
    const found = await openInside(root, path)
    if (found === 'folder') return isFolder ? missing(request) : towardsFolder(root, path, request)
    return found === undefined ? missing(request) : answer(found, request)
  }

  /** `/docs` where `docs` is a folder with an index: the browser has to know, or relative links break. */
  async function towardsFolder(root: string, path: string[], request: Request): Promise<Response> {
    if (settings.indexDocument === false) return missing(request)
    const index = await openInside(root, [...path, settings.indexDocument])
    if (index === undefined || index === 'folder') return missing(request)
    await index.file.close()
    const [, query] = request.target.split(/\?(.*)/s)
    // A leading `//` would name another host.
    const location = `/${path.map(encodeURIComponent).join('/')}/${query === undefined ? '' : `?${query}`}`
    const more = ['Location', location, 'Cache-Control', settings.cacheControl]
    return plainResponse(301, 'The folder’s address ends in a slash.', more, request.method)
  }

  async function openInside(root: string, path: readonly string[]): Promise<Found | 'folder' | undefined> {
    const asked = join(root, ...path)
    // O_NONBLOCK: opening a pipe that nobody writes to must not wait.
    const file = await open(asked, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      const { size, mtimeNs, mtime, ino, isFile, isDirectory } = await statOf(file)
      if (!(await isInside(root, asked, ino)) || !(isFile || isDirectory)) {
        await file.close()
        return undefined
      }
      if (isDirectory) {
        await file.close()
        return 'folder'
      }
      const fields = [
        'Content-Type',
        contentTypeOf(path.at(-1) ?? ''),
        'ETag',
        `"${size.toString(36)}-${mtimeNs.toString(36)}-${ino.toString(36)}"`,
        'Last-Modified',
        mtime.toUTCString(),
        'Cache-Control',
        settings.cacheControl,
        'Accept-Ranges',
        'bytes',
      ]
      return { file, size, fields }
    } catch (error) {
      await file.close()
      throw error
    }
  }

  async function realRoot(): Promise<string> {
    try {
      return await realpath(settings.path)
    } catch (cause) {
      throw new UpstreamError('OriginConnectError', name, {
        cause,
        remedy: `Make the folder ${settings.path} readable.`,
      })
    }
  }

  return {
    name,
    fetch,
    async problem() {
      const found = await stat(settings.path).catch((error: unknown) => String(error))
      if (typeof found === 'string') return `the folder ${settings.path} can't be used (${found})`
      return found.isDirectory() ? undefined : `${settings.path} is no folder`
    },
    async [Symbol.asyncDispose]() {},
  }
}

async function statOf(file: FileHandle) {
  const stats = await file.stat({ bigint: true })
  const { ino, mtimeNs, mtime } = stats
  return {
    size: Number(stats.size),
    ino,
    mtimeNs,
    mtime,
    isFile: stats.isFile(),
    isDirectory: stats.isDirectory(),
  }
}

/**
 * Whether what was opened lies within the root, its links followed. The path is resolved after the
 * open and must lead to the very file that is open, so a link swapped in between gives nothing away.
 */
async function isInside(root: string, asked: string, ino: bigint): Promise<boolean> {
  const real = await realpath(asked)
  const prefix = root.endsWith(sep) ? root : `${root}${sep}`
  if (real !== root && !real.startsWith(prefix)) return false
  return (await stat(real, { bigint: true })).ino === ino
}

/** `.git`, `.env`, `.htaccess` are not meant for viewers; `.well-known` is (RFC 8615). */
function isHidden(name: string): boolean {
  return name.startsWith('.') && name !== '.well-known'
}

function contentTypeOf(file: string): string {
  const type = mime.getType(file) ?? 'application/octet-stream'
  const isText = type.startsWith('text/') || /^application\/(javascript|json|xml|manifest\+json)$/.test(type)
  return isText ? `${type}; charset=utf-8` : type
}

async function answer(found: Found, request: Request): Promise<Response> {
  const { file, size, fields } = found
  const bodyless = async (status: number, more: readonly string[]): Promise<Response> => {
    await file.close()
    return { status, fields: fields.concat(more) }
  }
  switch (preconditionOf(request.fields, fields)) {
    case 'not-modified':
      return bodyless(304, [])
    case 'failed':
      return bodyless(412, ['Content-Length', '0'])
    case 'answer':
  }
  const range = rangeFor(request, fields, size)
  if (range === 'unsatisfiable') {
    return bodyless(416, ['Content-Range', unsatisfiedRange(size), 'Content-Length', '0'])
  }
  const part = range ?? { first: 0, last: size - 1 }
  const length = ['Content-Length', String(part.last - part.first + 1)]
  const status = range === undefined ? 200 : 206
  const more = range === undefined ? length : ['Content-Range', contentRange(range, size), ...length]
  if (request.method === 'HEAD') return bodyless(status, more)
  return { status, fields: fields.concat(more), body: fileBody(file, part) }
}

function rangeFor(request: Request, fields: Fields, size: number): ByteRange | 'unsatisfiable' | undefined {
  if (request.method !== 'GET' || !ifRangeHolds(request.fields, fields)) return undefined
  return rangeOf(firstValue(request.fields, 'range'), size)
}

function missing(request: Request): Response {
  return plainResponse(404, 'There is no such object.', [], request.method)
}

/** What the file system says, in HTTP's words; what it can't do for want of resources is the origin's failure. */
function failureResponse(error: unknown, request: Request): Response {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ENAMETOOLONG':
    case 'ELOOP':
    case 'ENXIO':
      return missing(request)
    case 'EACCES':
    case 'EPERM':
      return plainResponse(403, 'This object may not be read.', [], request.method)
    default:
      throw new UpstreamError('OriginReadError', 'folder', { cause: error })
  }
}

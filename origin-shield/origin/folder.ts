import { constants } from 'node:fs'
import { access, realpath } from 'node:fs/promises'
import mime from 'mime'
import { UpstreamError } from '../../edge/cache/fetch/upstream-error.ts'
import { type Fields, firstValue } from '../../edge/cache/fields.ts'
import type { Leaving } from '../../edge/cache/leaving.ts'
import type { Request, Response } from '../../edge/cache/message.ts'
import { ifRangeHolds, preconditionOf } from '../../edge/cache/rules/conditional.ts'
import { type ByteRange, contentRange, rangeOf, unsatisfiedRange } from '../../edge/cache/rules/range.ts'
import { fileBody } from './file-body.ts'
import { type OpenFile, openInside } from './file-inside.ts'
import { folderRedirect } from './folder-redirect.ts'
import { objectPathOf } from './object-path.ts'
import type { Origin } from './origin.ts'
import { plainResponse } from './plain-response.ts'
import type { FolderOriginSettings } from './schema.ts'

/** A folder on this machine's disk as an origin. Nobody gets out of it, whatever the path or the links in it say. */
export function openFolderOrigin(settings: FolderOriginSettings): Origin {
  const { path, indexDocument, cacheControl } = settings
  const name = `folder ${path}`

  async function fetch(request: Request, signal: Leaving): Promise<Response> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return plainResponse(405, 'A folder takes GET and HEAD only.', ['Allow', 'GET, HEAD'])
    }
    const names = objectPathOf(request.target)
    if (names === undefined) return plainResponse(400, 'The path is malformed.', [], request.method)
    if (names.some(isHidden)) return missing(request)
    const root = await realRoot()
    try {
      return await fetchFrom(root, names, request, signal)
    } catch (error) {
      signal.throwIfAborted()
      return failureResponse(error, request, name)
    }
  }

  async function fetchFrom(
    root: string,
    names: readonly string[],
    request: Request,
    signal: Leaving,
  ): Promise<Response> {
    const isFolder = names.at(-1) === ''
    if (isFolder && indexDocument === false) return missing(request)
    const below = isFolder ? [...names.slice(0, -1), indexDocument as string] : names
    // An empty name within would be skipped by the file system, and so give one file two URLs.
    if (below.includes('')) return missing(request)
    const found = await openInside(root, below)
    if (found === undefined) return missing(request)
    if (found !== 'folder') return answer(found, below.at(-1) ?? '', request, signal)
    return (!isFolder && (await towardsFolder(root, below, request))) || missing(request)
  }

  /** `/docs` where `docs` is a folder with an index. */
  async function towardsFolder(root: string, names: readonly string[], request: Request) {
    if (indexDocument === false) return undefined
    const index = await openInside(root, [...names, indexDocument])
    if (index === undefined || index === 'folder') return undefined
    await index.file.close()
    return folderRedirect(names, request, cacheControl)
  }

  async function answer(
    { file, size, mtime, etag }: OpenFile,
    fileName: string,
    request: Request,
    signal: Leaving,
  ): Promise<Response> {
    const fields = [
      ...['Content-Type', contentTypeOf(fileName)],
      ...['ETag', etag],
      ...['Last-Modified', mtime.toUTCString()],
      ...['Cache-Control', cacheControl],
      ...['Accept-Ranges', 'bytes'],
    ]
    const { status, more, part } = selected(request, fields, size)
    if (part === undefined || request.method === 'HEAD' || signal.aborted) {
      await file.close()
      signal.throwIfAborted()
      return { status, fields: fields.concat(more) }
    }
    return { status, fields: fields.concat(more), body: fileBody(file, part, signal) }
  }

  /** The folder's real path; the slash makes a plain file of its name a failure too. */
  async function realRoot(): Promise<string> {
    try {
      return await realpath(`${path}/`)
    } catch (cause) {
      const remedy = `Make ${path} a folder that this program may read.`
      throw new UpstreamError('OriginConnectError', name, { cause, remedy })
    }
  }

  return {
    name,
    fetch,
    async problem() {
      try {
        await access(await realRoot(), constants.X_OK)
        return undefined
      } catch (error) {
        return error instanceof UpstreamError ? `${error.message}. ${error.remedy}` : `${name}: ${error}`
      }
    },
    async [Symbol.asyncDispose]() {},
  }
}

/** What of a file answers a request: status, the fields that it adds, and the bytes, if any. */
interface Selected {
  status: number
  more: Fields
  part?: ByteRange
}

function selected(request: Request, fields: Fields, size: number): Selected {
  switch (preconditionOf(request.fields, fields, 'received')) {
    case 'not-modified':
      return { status: 304, more: [] }
    case 'failed':
      return { status: 412, more: ['Content-Length', '0'] }
    case 'answer':
  }
  const mayBePart = request.method === 'GET' && ifRangeHolds(request.fields, fields)
  const range = mayBePart ? rangeOf(firstValue(request.fields, 'range'), size) : undefined
  if (range === undefined) {
    return { status: 200, more: ['Content-Length', String(size)], part: { first: 0, last: size - 1 } }
  }
  if (range === 'unsatisfiable') {
    return { status: 416, more: ['Content-Range', unsatisfiedRange(size), 'Content-Length', '0'] }
  }
  const length = String(range.last - range.first + 1)
  return {
    status: 206,
    more: ['Content-Range', contentRange(range, size), 'Content-Length', length],
    part: range,
  }
}

/** `.git`, `.env`, `.htaccess` are not meant for viewers; `.well-known` is (RFC 8615). */
function isHidden(name: string): boolean {
  return name.startsWith('.') && name !== '.well-known'
}

function contentTypeOf(file: string): string {
  // With a slash, or a file called `css` would be a style sheet.
  const type = mime.getType(`/${file}`) ?? 'application/octet-stream'
  const isText = type.startsWith('text/') || /^application\/(javascript|json|xml|manifest\+json)$/.test(type)
  return isText ? `${type}; charset=utf-8` : type
}

function missing(request: Request): Response {
  return plainResponse(404, 'There is no such object.', [], request.method)
}

/** What the file system says, in HTTP's words; what it can't do for want of resources is the origin's failure. */
function failureResponse(error: unknown, request: Request, where: string): Response {
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
    case 'EMFILE':
    case 'ENFILE':
      throw new UpstreamError('OriginReadError', where, {
        cause: error,
        remedy: 'This process has too many files open: raise its limit (`ulimit -n`).',
      })
    default:
      throw new UpstreamError('OriginReadError', where, { cause: error, remedy: 'Check the disk.' })
  }
}

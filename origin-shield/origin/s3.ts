import mime from 'mime'
import { UpstreamError } from '../../edge/cache/fetch/upstream-error.ts'
import { type Fields, filterFields, firstValue, NO_FIELDS } from '../../edge/cache/fields.ts'
import type { Leaving } from '../../edge/cache/leaving.ts'
import { discardBody, type Request, type Response } from '../../edge/cache/message.ts'
import { PARTIAL_FIELDS } from '../../edge/cache/rules/conditional.ts'
import { folderRedirect } from './folder-redirect.ts'
import { objectPathOf } from './object-path.ts'
import type { Origin } from './origin.ts'
import { plainResponse } from './plain-response.ts'
import { openBucket, type S3Asked } from './s3-bucket.ts'
import { answerToS3Failure } from './s3-error.ts'
import type { S3OriginSettings } from './schema.ts'
import { startCheck } from './start-check.ts'

/** An S3 bucket as an origin: signed GET and HEAD of objects. */
export function openS3Origin(settings: S3OriginSettings): Origin {
  const bucket = openBucket(settings)
  const { name } = bucket
  const { indexDocument, cacheControl, forbiddenIsMissing } = settings

  async function fetch(request: Request, signal: Leaving): Promise<Response> {
    const { method } = request
    if (method !== 'GET' && method !== 'HEAD') {
      return plainResponse(405, 'A bucket takes GET and HEAD only.', ['Allow', 'GET, HEAD'])
    }
    const names = objectPathOf(request.target)
    if (names === undefined) return plainResponse(400, 'The path is malformed.', [], method)
    const isFolder = names.at(-1) === ''
    if (isFolder && indexDocument === false) return missing(method)
    const key = isFolder ? [...names.slice(0, -1), indexDocument as string] : names
    const answer = await fetchObject({ method, key, fields: forwarded(request.fields) }, signal)
    if (answer.status !== 404 || isFolder) return answer
    return (await towardsFolder(names, request, signal)) ?? answer
  }

  async function fetchObject(asked: S3Asked, signal: Leaving): Promise<Response> {
    const { method } = asked
    const response = await bucket.ask(asked, signal)
    switch (response.status) {
      case 200:
      case 206:
        return viewable(response, cacheControl)
      case 304:
        // What it does not say stays as it is: a default here would replace the object's own lifetime.
        return viewable(response)
      case 412:
        discardBody(response)
        return plainResponse(412, 'The object is another one.', [], method)
      case 416:
        discardBody(response)
        return plainResponse(416, 'The object is shorter.', rangeOfWhole(response), method)
      default: {
        const failure = await bucket.failureOf(response, asked, signal)
        return answerToS3Failure(failure, name, { forbiddenIsMissing, method })
      }
    }
  }

  /** `/docs` where `docs/index.html` is an object: the browser has to know that it is a folder. */
  async function towardsFolder(names: readonly string[], request: Request, signal: Leaving) {
    // A missing picture is no folder, and needs no second request.
    if (indexDocument === false || mime.getType(`/${names.at(-1)}`) !== null) return undefined
    const key = [...names, indexDocument]
    const index = await bucket.ask({ method: 'HEAD', key, fields: NO_FIELDS }, signal)
    return index.status === 200 ? folderRedirect(names, request, cacheControl) : undefined
  }

  return {
    name,
    fetch,
    problem() {
      // No object has this name: what matters is whether it is S3 that says so, and to us.
      const probe: S3Asked = { method: 'GET', key: ['.selvedge-probe'], fields: NO_FIELDS }
      return startCheck(name, async (signal) => {
        const response = await bucket.ask(probe, signal)
        if (response.status < 300) return discardBody(response)
        const failure = await bucket.failureOf(response, probe, signal)
        const { status } = answerToS3Failure(failure, name, { forbiddenIsMissing, method: 'GET' })
        if (status < 500) return
        const cause = new Error(`S3 answered ${failure.status} ${failure.code}`)
        throw new UpstreamError('OriginError', name, { cause })
      })
    },
    [Symbol.asyncDispose]: () => bucket[Symbol.asyncDispose](),
  }
}

function missing(method: string): Response {
  return plainResponse(404, 'There is no such object.', [], method)
}

function forwarded(fields: Fields): Fields {
  return filterFields(fields, (name) => PARTIAL_FIELDS.has(name))
}

function rangeOfWhole({ fields }: Response): Fields {
  const range = firstValue(fields, 'content-range')
  return range === undefined ? NO_FIELDS : ['Content-Range', range]
}

/**
 * What a viewer may see of S3's answer: nothing of how it is stored. A `cache-tag` kept with the object
 * is passed on under its own name.
 *
 * @param cacheControl for an object that brings none
 */
function viewable(response: Response, cacheControl?: string): Response {
  const fields = filterFields(response.fields, (name) => !name.startsWith('x-amz-') && name !== 'server')
  if (cacheControl !== undefined && firstValue(fields, 'cache-control') === undefined) {
    fields.push('Cache-Control', cacheControl)
  }
  const tag = firstValue(response.fields, 'x-amz-meta-cache-tag')
  if (tag !== undefined) fields.push('Cache-Tag', tag)
  return { ...response, fields }
}

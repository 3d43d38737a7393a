import { setTimeout as pause } from 'node:timers/promises'
import { Pool } from 'undici'
import { exchange, neverConnected } from '../../edge/cache/exchange.ts'
import { type Fields, filterFields, firstValue } from '../../edge/cache/fields.ts'
import { discardBody, type Request, type Response } from '../../edge/cache/message.ts'
import { UpstreamError } from '../../edge/cache/upstream-error.ts'
import { objectPathOf } from './object-path.ts'
import type { Origin } from './origin.ts'
import { plainResponse } from './plain-response.ts'
import { answerToS3Failure, readS3Failure } from './s3-error.ts'
import { addressOf, encodeKey, signerOf } from './s3-request.ts'
import type { S3OriginSettings } from './schema.ts'

const CONNECT_MS_MAX = 5_000
const ANSWER_MS_MAX = 30_000
const PROBE_MS_MAX = 5_000
/** How often a busy bucket (503 SlowDown) or a dropped connection is tried again, and the first pause, ms. */
const ATTEMPTS = 3
const RETRY_PAUSE_MS = 200

/** Request fields that S3 understands for an object; the rest is none of its business. */
const FORWARDED: ReadonlySet<string> = new Set([
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'range',
])

/** An S3 bucket as an origin: signed GET and HEAD of objects. */
export function openS3Origin(settings: S3OriginSettings): Origin {
  const address = addressOf(settings)
  const sign = signerOf(settings)
  const pool = new Pool(address.origin, {
    connections: 128,
    connect: { timeout: CONNECT_MS_MAX },
    headersTimeout: ANSWER_MS_MAX,
    bodyTimeout: ANSWER_MS_MAX,
  })
  const prefix = settings.prefix.split('/').filter((name) => name !== '')
  const name = `bucket ${settings.bucket} at ${address.origin}`

  /** One signed request for a key; errors of the connection and of a busy bucket are tried again. */
  async function ask(
    method: string,
    key: readonly string[],
    fields: Fields,
    signal: AbortSignal,
  ): Promise<Response> {
    const target = `${address.path}/${encodeKey(key)}`
    for (let made = 1; ; made += 1) {
      try {
        const signed = fields.concat(await sign(method, address.host, target))
        const request: Request = { method, scheme: 'http', host: address.host, target, fields: signed }
        const response = await exchange(pool, request, { where: name, host: address.host }, signal)
        if (response.status !== 503 || made >= ATTEMPTS) return response
        discardBody(response)
      } catch (error) {
        if (made >= ATTEMPTS || signal.aborted || !neverConnected(error)) throw error
      }
      await pause(RETRY_PAUSE_MS * 2 ** (made - 1), undefined, { signal })
    }
  }

  async function fetch(request: Request, signal: AbortSignal): Promise<Response> {
    const { method } = request
    if (method !== 'GET' && method !== 'HEAD') {
      return plainResponse(405, 'A bucket takes GET and HEAD only.', ['Allow', 'GET, HEAD'])
    }
    const names = objectPathOf(request.target)
    if (names === undefined) return plainResponse(400, 'The path is malformed.', [], method)
    const isFolder = names.at(-1) === ''
    if (isFolder && settings.indexDocument === false)
      return plainResponse(404, 'There is no such object.', [], method)
    const key = [...prefix, ...(isFolder ? [...names.slice(0, -1), settings.indexDocument as string] : names)]
    const fields = filterFields(request.fields, (field) => FORWARDED.has(field))
    const response = await ask(method, key, fields, signal)
    if (
      response.status < 300 ||
      response.status === 304 ||
      response.status === 416 ||
      response.status === 412
    ) {
      return viewable(response, settings.cacheControl)
    }
    const failure = await readS3Failure(response)
    const answer = answerToS3Failure(failure, name, { ...settings, method })
    if (answer.status !== 404 || isFolder) return answer
    return (await towardsFolder(names, request, signal)) ?? answer
  }

  /** `/docs` where `docs/index.html` is an object: the browser has to know that it is a folder. */
  async function towardsFolder(names: readonly string[], request: Request, signal: AbortSignal) {
    if (settings.indexDocument === false || names.at(-1)?.includes('.')) return undefined
    const index = await ask('HEAD', [...prefix, ...names, settings.indexDocument], [], signal)
    if (index.status !== 200) return undefined
    const [, query] = request.target.split(/\?(.*)/s)
    const location = `/${names.map(encodeURIComponent).join('/')}/${query === undefined ? '' : `?${query}`}`
    // A leading `//` would name another host.
    if (location.startsWith('//')) return undefined
    const more = ['Location', location, 'Cache-Control', settings.cacheControl]
    return plainResponse(301, 'The folder’s address ends in a slash.', more, request.method)
  }

  return {
    name,
    fetch,
    async problem() {
      try {
        const response = await ask(
          'GET',
          [...prefix, '.selvedge-probe'],
          [],
          AbortSignal.timeout(PROBE_MS_MAX),
        )
        if (response.status < 300) discardBody(response)
        else
          answerToS3Failure(await readS3Failure(response), name, { forbiddenIsMissing: true, method: 'GET' })
        return undefined
      } catch (error) {
        return error instanceof UpstreamError ? `${error.message}. ${error.remedy}` : String(error)
      }
    },
    [Symbol.asyncDispose]: () => pool.destroy(),
  }
}

/** What a viewer may see of S3's answer; a `cache-tag` kept with the object is passed on under its own name. */
function viewable(response: Response, cacheControl: string): Response {
  const fields = filterFields(response.fields, (name) => !name.startsWith('x-amz-') && name !== 'server')
  if (firstValue(fields, 'cache-control') === undefined) fields.push('Cache-Control', cacheControl)
  const tag = firstValue(response.fields, 'x-amz-meta-cache-tag')
  if (tag !== undefined) fields.push('Cache-Tag', tag)
  return { ...response, fields }
}

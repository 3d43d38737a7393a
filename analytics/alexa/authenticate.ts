import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { AlexaFailure } from './failure.ts'
import type { AlexaRequest } from './request.ts'
import type { AlexaSettings } from './settings.ts'

/**
 * How a request says who asks, which tells how old the client is, and so which form it expects: Version 4, one of the
 * older signatures, or a key alone, as in the last years.
 */
export type Era = 'key' | 'v4' | 'v2'

/** How far a client's clock may be off, ms. */
const SKEW_MS_MAX = 15 * 60_000

/** Hosts that clients sign for though they connect to another: in front of Alexa was a CDN that changed it. */
const SIGNED_HOSTS = [
  'awis.api.alexa.com',
  'ats.api.alexa.com',
  'awis.us-west-1.amazonaws.com',
  'ats.us-west-1.amazonaws.com',
  'awis.amazonaws.com',
  'ats.amazonaws.com',
]

/**
 * Checks who asks: AWS Signature Version 4 (in a header or presigned), Version 2, or the oldest, over action and time
 * alone; else a key of our own API.
 *
 * @param hasKey whether it came with such a key that may read these figures
 * @param nowMs Unix ms
 * @throws AlexaFailure
 */
export function authenticate(
  request: AlexaRequest,
  settings: AlexaSettings,
  { hasKey, nowMs }: { hasKey: boolean; nowMs: number },
): Era {
  const { authorization } = request.headers
  if (authorization?.startsWith('AWS4-HMAC-SHA256 ')) {
    checkVersion4(request, inHeader(request, authorization, nowMs), settings)
    return 'v4'
  }
  if (request.inQuery.has('X-Amz-Signature')) {
    checkVersion4(request, presigned(request, nowMs), settings)
    return 'v4'
  }
  if (request.parameters.has('Signature')) {
    checkInQuery(request, settings, nowMs)
    return 'v2'
  }
  if (hasKey) return 'key'
  if (settings.open) return 'v2'
  throw new AlexaFailure(
    'AuthFailure',
    'The request is not signed. Sign it with a key of `analytics.alexa.keys`.',
  )
}

/** A signature of Version 4, wherever it stood. */
interface Version4 {
  keyId: string
  /** Day, region, service. */
  scope: readonly string[]
  /** Names of the headers that were signed, in their order. */
  names: readonly string[]
  signature: string
  time: Date
  /** Of the body: SHA-256, or that it isn't signed. */
  bodyHash: string
}

const CREDENTIAL = String.raw`([\w-]{3,128})\/(\d{8})\/([\w-]{1,32})\/([\w-]{1,32})\/aws4_request`

const AUTHORIZATION = new RegExp(
  `^AWS4-HMAC-SHA256 Credential=${CREDENTIAL}, ?SignedHeaders=([a-z0-9;-]{1,512}), ?Signature=([0-9a-f]{64})$`,
)

function inHeader(request: AlexaRequest, authorization: string, nowMs: number): Version4 {
  const [, keyId = '', day = '', region = '', service = '', signed = '', signature = ''] =
    AUTHORIZATION.exec(authorization) ?? []
  if (signature === '')
    throw new AlexaFailure('AuthFailure', 'Authorization is no AWS4-HMAC-SHA256 credential.')
  const names = signed.split(';')
  if (!names.includes('host') || !(names.includes('x-amz-date') || names.includes('date')))
    throw new AlexaFailure('AuthFailure', 'SignedHeaders has to name host and x-amz-date.')
  const dated = names.includes('x-amz-date') ? request.headers['x-amz-date'] : request.headers.date
  const time = timeOf(dated, nowMs)
  const bodyHash = names.includes('x-amz-content-sha256')
    ? request.headers['x-amz-content-sha256']
    : undefined
  return {
    keyId,
    scope: [day, region, service],
    names,
    signature,
    time,
    bodyHash: bodyHashOf(request, bodyHash),
  }
}

/** Longest that a presigned request may be good for, s: a week. */
const EXPIRES_SECONDS_MAX = 604_800

const PRESIGNED = new RegExp(`^${CREDENTIAL}$`)

/** A URL that carries its signature, so that a browser or `curl` can ask. */
function presigned(request: AlexaRequest, nowMs: number): Version4 {
  const said = (name: string) => request.inQuery.get(`X-Amz-${name}`) ?? ''
  const [, keyId = '', ...scope] = PRESIGNED.exec(said('Credential')) ?? []
  const names = said('SignedHeaders').split(';')
  const isWhole = said('Algorithm') === 'AWS4-HMAC-SHA256' && keyId !== '' && names.includes('host')
  if (!isWhole || !/^[0-9a-f]{64}$/.test(said('Signature')) || !/^\d{1,6}$/.test(said('Expires')))
    throw new AlexaFailure(
      'AuthFailure',
      'X-Amz-Algorithm, -Credential, -Date, -Expires, -SignedHeaders (with host) and -Signature are needed.',
    )
  const goodSeconds = Math.min(Number(said('Expires')), EXPIRES_SECONDS_MAX)
  const time = timeOf(said('Date'), nowMs, { goodMs: goodSeconds * 1_000 })
  const bodyHash = bodyHashOf(request, request.inQuery.get('X-Amz-Content-Sha256'))
  return { keyId, scope, names, signature: said('Signature'), time, bodyHash }
}

/** The body's own hash. Only of a request without a body may the client say that it isn't signed, or anything. */
function bodyHashOf({ body }: AlexaRequest, given: string | undefined): string {
  return body === '' && given !== undefined ? given : createHash('sha256').update(body).digest('hex')
}

function checkVersion4(request: AlexaRequest, signed: Version4, settings: AlexaSettings): void {
  const time = basicTime(signed.time)
  const inScope = [...signed.scope, 'aws4_request']
  const key = inScope.reduce<string | Buffer>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${secretOf(settings, signed.keyId)}`,
  )
  const isSignedFor = (host: string) => {
    const digest = createHash('sha256')
      .update(canonicalRequest(request, signed, host))
      .digest('hex')
    const text = ['AWS4-HMAC-SHA256', time, inScope.join('/'), digest].join('\n')
    return isSame(createHmac('sha256', key).update(text).digest('hex'), signed.signature)
  }
  if (time.startsWith(signed.scope[0] ?? '') && [request.host, ...SIGNED_HOSTS].some(isSignedFor)) return
  throw new AlexaFailure('SignatureDoesNotMatch', 'The signature is not that of this key over this request.')
}

/**
 * What Version 4 signs. It is made here because signing libraries put in a header `x-amz-date` of their own, and
 * some clients sign `date`.
 *
 * @param host instead of the one received
 */
function canonicalRequest(
  { method, path, inQuery, headers }: AlexaRequest,
  { names, bodyHash }: Version4,
  host: string,
): string {
  const lines = names.map((name) => {
    const value = name === 'host' ? host : (headers[name] ?? '')
    return `${name}:${value.trim().replace(/\s+/g, ' ')}\n`
  })
  const query = canonicalQuery([...inQuery].filter(([name]) => name !== 'X-Amz-Signature'))
  return [method, path, query, lines.join(''), names.join(';'), bodyHash].join('\n')
}

/** As `20260725T120000Z`. */
function basicTime(time: Date): string {
  return time.toISOString().replace(/[-:]|\.\d+/g, '')
}

/** Sorted by the bytes of their names (encoded, so the order of UTF-16 is that of bytes). */
function canonicalQuery(parameters: Iterable<[string, string]>): string {
  return Array.from(parameters, ([name, value]) => [escaped(name), escaped(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

/** Version 2 (over method, host, path and sorted query), or the first kind (over action and time). */
function checkInQuery(request: AlexaRequest, settings: AlexaSettings, nowMs: number): void {
  const { parameters } = request
  const secret = secretOf(settings, parameters.get('AWSAccessKeyId') ?? '')
  const timestamp = parameters.get('Timestamp') ?? ''
  timeOf(timestamp, nowMs)
  const given = parameters.get('Signature') ?? ''
  const expected = parameters.has('SignatureVersion')
    ? signaturesOfVersion2(request, secret)
    : signaturesOfVersion1(parameters, secret, timestamp)
  if (expected.some((one) => isSame(one, given))) return
  throw new AlexaFailure('SignatureDoesNotMatch', 'The signature is not that of this key over this request.')
}

function signaturesOfVersion2({ method, host, path, parameters }: AlexaRequest, secret: string): string[] {
  if (parameters.get('SignatureVersion') !== '2')
    throw new AlexaFailure('InvalidParameterValue', 'SignatureVersion has to be 2.')
  const algorithm = parameters.get('SignatureMethod') === 'HmacSHA1' ? 'sha1' : 'sha256'
  const query = canonicalQuery([...parameters].filter(([name]) => name !== 'Signature'))
  return [host, ...SIGNED_HOSTS].map((one) =>
    createHmac(algorithm, secret).update(`${method}\n${one}\n${path}\n${query}`).digest('base64'),
  )
}

/** With the name of the service in front, or without: both were in use. */
function signaturesOfVersion1(
  parameters: ReadonlyMap<string, string>,
  secret: string,
  timestamp: string,
): string[] {
  const action = parameters.get('Action') ?? parameters.get('Operation') ?? ''
  return ['', parameters.get('Service') ?? 'AlexaWebInfoService'].map((service) =>
    createHmac('sha1', secret).update(`${service}${action}${timestamp}`).digest('base64'),
  )
}

/** As RFC 3986 has it, which `encodeURIComponent` is not quite. */
function escaped(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
}

function secretOf({ keys }: AlexaSettings, id: string): string {
  const key = keys.find(({ accessKeyId }) => accessKeyId === id)
  if (key !== undefined) return key.secretAccessKey
  throw new AlexaFailure(
    'InvalidAccessKeyId',
    'No key has this id. Those there are stand under `analytics.alexa.keys`.',
  )
}

/**
 * @param text ISO 8601, extended or basic, or an HTTP date
 * @param of how long a signature of that time is good
 * @throws AlexaFailure
 */
function timeOf(text: string | undefined, nowMs: number, { goodMs } = { goodMs: SKEW_MS_MAX }): Date {
  const basic = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text ?? '')
  const time =
    basic === null
      ? Date.parse(text ?? '')
      : Date.parse(`${basic.slice(1, 4).join('-')}T${basic.slice(4).join(':')}Z`)
  if (Number.isNaN(time))
    throw new AlexaFailure('MissingParameter', 'The time of the signature is missing, or no ISO 8601.')
  if (nowMs - time > goodMs || time - nowMs > SKEW_MS_MAX)
    throw new AlexaFailure(
      'RequestExpired',
      'The request was signed too long ago (15 minutes, or X-Amz-Expires), or ahead. Check the clock.',
    )
  return new Date(time)
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.byteLength === b.byteLength && timingSafeEqual(a, b)
}

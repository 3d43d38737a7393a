import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { AlexaFailure } from './failure.ts'
import type { AlexaRequest } from './request.ts'
import type { AlexaSettings } from './settings.ts'

/** How a request was signed, which tells how old the client is, and so which XML it expects. */
export type Era = 'v4' | 'v2'

/** How far a client's clock may be off, ms. */
const SKEW_MS_MAX = 15 * 60_000

/** Hosts that clients sign for though they connect to another: in front of Alexa was a CDN that changed it. */
const SIGNED_HOSTS = [
  'awis.us-west-1.amazonaws.com',
  'ats.us-west-1.amazonaws.com',
  'awis.amazonaws.com',
  'ats.amazonaws.com',
]

/**
 * Checks who asks: AWS Signature Version 4 (a header), Version 2, or the oldest, over action and time alone.
 *
 * @param nowMs Unix ms
 * @throws AlexaFailure
 */
export function authenticate(request: AlexaRequest, settings: AlexaSettings, nowMs: number): Era {
  const { authorization } = request.headers
  if (authorization?.startsWith('AWS4-HMAC-SHA256 ')) {
    checkVersion4(request, authorization, settings, nowMs)
    return 'v4'
  }
  if (request.parameters.has('Signature')) {
    checkInQuery(request, settings, nowMs)
    return 'v2'
  }
  if (settings.open) return 'v2'
  throw new AlexaFailure(
    'AuthFailure',
    'The request is not signed. Sign it with a key of `analytics.alexa.keys`.',
  )
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([\w-]{3,128})\/(\d{8})\/([\w-]{1,32})\/([\w-]{1,32})\/aws4_request, ?SignedHeaders=([a-z0-9;-]{1,512}), ?Signature=([0-9a-f]{64})$/

function checkVersion4(
  request: AlexaRequest,
  authorization: string,
  settings: AlexaSettings,
  nowMs: number,
): void {
  const [, id = '', ...scope] = AUTHORIZATION.exec(authorization) ?? []
  const [signedNames = '', given = ''] = scope.splice(3)
  if (given === '') throw new AlexaFailure('AuthFailure', 'Authorization is no AWS4-HMAC-SHA256 credential.')
  const names = signedNames.split(';')
  if (!names.includes('host') || !(names.includes('x-amz-date') || names.includes('date')))
    throw new AlexaFailure('AuthFailure', 'SignedHeaders has to name host and x-amz-date.')
  const signed = names.includes('x-amz-date') ? request.headers['x-amz-date'] : request.headers.date
  const time = basicTime(timeOf(signed, nowMs))
  const inScope = [...scope, 'aws4_request']
  const key = inScope.reduce<string | Buffer>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${secretOf(settings, id)}`,
  )
  const isSignedFor = (host: string) => {
    const digest = createHash('sha256')
      .update(canonicalRequest(request, names, host))
      .digest('hex')
    const text = ['AWS4-HMAC-SHA256', time, inScope.join('/'), digest].join('\n')
    return isSame(createHmac('sha256', key).update(text).digest('hex'), given)
  }
  if (time.startsWith(scope[0] ?? '') && [request.host, ...SIGNED_HOSTS].some(isSignedFor)) return
  throw new AlexaFailure('SignatureDoesNotMatch', 'The signature is not that of this key over this request.')
}

/** SHA-256 of the body that a GET has not. */
const NO_BODY = createHash('sha256').digest('hex')

/**
 * What Version 4 signs. It is made here because signing libraries put in a header `x-amz-date` of their own, and
 * some clients sign `date`.
 *
 * @param names of the headers that were signed, in their order
 * @param host instead of the one received
 */
function canonicalRequest(
  { method, path, parameters, headers }: AlexaRequest,
  names: readonly string[],
  host: string,
): string {
  const lines = names.map((name) => {
    const value = name === 'host' ? host : (headers[name] ?? '')
    return `${name}:${value.trim().replace(/\s+/g, ' ')}\n`
  })
  const body = names.includes('x-amz-content-sha256') ? headers['x-amz-content-sha256'] : NO_BODY
  return [method, path, canonicalQuery(parameters), lines.join(''), names.join(';'), body].join('\n')
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

/** @param text ISO 8601, extended or basic, or an HTTP date. @throws AlexaFailure */
function timeOf(text: string | undefined, nowMs: number): Date {
  const basic = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text ?? '')
  const time =
    basic === null
      ? Date.parse(text ?? '')
      : Date.parse(`${basic.slice(1, 4).join('-')}T${basic.slice(4).join(':')}Z`)
  if (Number.isNaN(time))
    throw new AlexaFailure('MissingParameter', 'The time of the signature is missing, or no ISO 8601.')
  if (Math.abs(time - nowMs) > SKEW_MS_MAX)
    throw new AlexaFailure(
      'RequestExpired',
      'The request was signed over 15 minutes ago, or ahead. Check the clock.',
    )
  return new Date(time)
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.byteLength === b.byteLength && timingSafeEqual(a, b)
}

import { createHmac, timingSafeEqual } from 'node:crypto'
import { Sha256 } from '@aws-crypto/sha256-js'
import { SignatureV4 } from '@smithy/signature-v4'
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
export async function authenticate(
  request: AlexaRequest,
  settings: AlexaSettings,
  nowMs: number,
): Promise<Era> {
  const { authorization } = request.headers
  if (authorization?.startsWith('AWS4-HMAC-SHA256 ')) {
    await checkVersion4(request, authorization, settings, nowMs)
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

async function checkVersion4(
  request: AlexaRequest,
  authorization: string,
  settings: AlexaSettings,
  nowMs: number,
): Promise<void> {
  const [, id = '', , region = '', service = '', signedNames = '', given = ''] =
    AUTHORIZATION.exec(authorization) ?? []
  if (given === '') throw new AlexaFailure('AuthFailure', 'Authorization is no AWS4-HMAC-SHA256 credential.')
  const names = signedNames.split(';')
  if (!names.includes('host') || !(names.includes('x-amz-date') || names.includes('date')))
    throw new AlexaFailure('AuthFailure', 'SignedHeaders has to name host and x-amz-date.')
  const signedAt = timeOf(request.headers['x-amz-date'] ?? request.headers.date, nowMs)
  const signer = new SignatureV4({
    service,
    region,
    credentials: { accessKeyId: id, secretAccessKey: secretOf(settings, id) },
    sha256: Sha256,
    applyChecksum: false,
  })
  for (const host of [request.host, ...SIGNED_HOSTS]) {
    const headers = Object.fromEntries(
      names.map((name) => [name, name === 'host' ? host : (request.headers[name] ?? '')]),
    )
    const signed = await signer.sign(
      {
        method: request.method,
        protocol: 'https:',
        hostname: host,
        path: request.path,
        query: Object.fromEntries(request.parameters),
        headers,
      },
      { signingDate: signedAt, signableHeaders: new Set(names) },
    )
    if (isSame(signed.headers.authorization?.slice(-64) ?? '', given)) return
  }
  throw new AlexaFailure('SignatureDoesNotMatch', 'The signature is not that of this key over this request.')
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
  const query = [...parameters]
    .filter(([name]) => name !== 'Signature')
    .map(([name, value]) => `${escaped(name)}=${escaped(value)}`)
    .sort()
    .join('&')
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

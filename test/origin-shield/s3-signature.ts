import { createHash, createHmac } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** Who may ask. */
export interface Keys {
  accessKeyId: string
  secretAccessKey: string
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/
const SKEW_MS_MAX = 15 * 60_000

/**
 * What S3 finds wrong with a request's Signature Version 4, as its error code, or `undefined`.
 *
 * Written from Amazon's description of the algorithm and not with the library that signs for us: the
 * emulators on npm take any signature, so somebody has to be the judge. It encodes the decoded path
 * anew, as S3 does, so a key that was sent in another encoding than it was signed in doesn't pass.
 */
export function signatureProblem(request: IncomingMessage, keys: Keys, region: string): string | undefined {
  const match = AUTHORIZATION.exec(request.headers.authorization ?? '')
  if (match === null) return 'AccessDenied'
  const [, accessKeyId, day = '', signedRegion = '', signedHeaders = '', signature] = match
  if (accessKeyId !== keys.accessKeyId) return 'InvalidAccessKeyId'
  if (signedRegion !== region) return 'AuthorizationHeaderMalformed'
  const date = String(request.headers['x-amz-date'])
  const atMs = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
  if (!(Math.abs(Date.now() - atMs) <= SKEW_MS_MAX)) return 'RequestTimeTooSkewed'

  const scope = `${day}/${region}/s3/aws4_request`
  const toSign = ['AWS4-HMAC-SHA256', date, scope, sha256(canonicalRequest(request, signedHeaders))].join(
    '\n',
  )
  const parts = [day, region, 's3', 'aws4_request']
  const key = parts.reduce<Buffer>(hmac, Buffer.from(`AWS4${keys.secretAccessKey}`))
  return hmac(key, toSign).toString('hex') === signature ? undefined : 'SignatureDoesNotMatch'
}

function canonicalRequest({ method, url = '', headers }: IncomingMessage, signedHeaders: string): string {
  const { pathname, searchParams } = new URL(url, 'http://s3')
  const path = pathname
    .split('/')
    .map((name) => encoded(decodeURIComponent(name)))
    .join('/')
  const query = [...searchParams].map(([name, value]) => `${encoded(name)}=${encoded(value)}`).sort()
  const fields = signedHeaders.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`)
  const bodyHash = String(headers['x-amz-content-sha256'])
  return [method, path, query.join('&'), fields.join(''), signedHeaders, bodyHash].join('\n')
}

function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

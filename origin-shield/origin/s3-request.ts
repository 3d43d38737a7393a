import { Sha256 } from '@aws-crypto/sha256-js'
import { SignatureV4 } from '@smithy/signature-v4'
import type { Fields } from '../../edge/cache/fields.ts'
import type { S3OriginSettings } from './schema.ts'

/** Where a bucket's objects are: path style `endpoint/bucket/key`, or host style `bucket.endpoint/key`. */
export interface BucketAddress {
  /** Scheme, host and port to connect to. */
  origin: string
  /** Value of `Host`. */
  host: string
  /** Put before a key's path; begins and doesn't end with a slash, or is empty. */
  path: string
}

/** The address of a bucket at any endpoint, or at AWS in its region. */
export function addressOf(settings: S3OriginSettings): BucketAddress {
  const endpoint = new URL(settings.endpoint ?? `https://s3.${settings.region}.amazonaws.com`)
  const base = endpoint.pathname.replace(/\/$/, '')
  const style = settings.addressing ?? (settings.endpoint === undefined ? 'host' : 'path')
  if (style === 'path') {
    return { origin: endpoint.origin, host: endpoint.host, path: `${base}/${encodeKey([settings.bucket])}` }
  }
  const host = `${settings.bucket}.${endpoint.host}`
  return { origin: `${endpoint.protocol}//${host}`, host, path: base }
}

/**
 * A key as S3 wants it in a URL, and as the signature has it: every byte but the unreserved ones of
 * RFC 3986 encoded, once, the slashes between names left.
 */
export function encodeKey(names: readonly string[]): string {
  return names
    .map((name) =>
      encodeURIComponent(name).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`),
    )
    .join('/')
}

/** Signs requests to a bucket with AWS Signature Version 4; without keys they go unsigned. */
export type Signer = (method: string, host: string, path: string) => Promise<Fields>

/** A signer with the settings' keys, or those of the environment: never with a bit of each. */
export function signerOf(settings: S3OriginSettings): Signer {
  const credentials = settings.accessKeyId === undefined ? environmentKeys() : keysOf(settings)
  if (credentials === undefined) return async () => []
  const signature = new SignatureV4({
    service: 's3',
    region: settings.region,
    credentials,
    sha256: Sha256,
    // S3 alone signs the path as it is sent; others encode it a second time.
    uriEscapePath: false,
  })
  return async (method, host, path) => {
    const signed = await signature.sign({
      method,
      protocol: 'https:',
      hostname: host,
      path,
      query: {},
      headers: { host, 'x-amz-content-sha256': EMPTY_SHA256 },
    })
    return Object.entries(signed.headers).flatMap(([name, value]) => (name === 'host' ? [] : [name, value]))
  }
}

/** SHA-256 of no body at all. */
const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

interface Keys {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
}

function environmentKeys(): Keys | undefined {
  return keysOf({
    accessKeyId: process.env.AWS_ACCESS_KEY_ID,
    secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY,
    sessionToken: process.env.AWS_SESSION_TOKEN,
  })
}

function keysOf(given: { [Name in keyof Keys]?: Keys[Name] | undefined }): Keys | undefined {
  const { accessKeyId, secretAccessKey, sessionToken } = given
  if (!accessKeyId || !secretAccessKey) return undefined
  return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) }
}

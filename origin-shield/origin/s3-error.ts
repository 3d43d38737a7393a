import type { Response } from '../../edge/cache/message.ts'
import { UpstreamError } from '../../edge/cache/upstream-error.ts'
import { plainResponse } from './plain-response.ts'

/** What S3 says in the XML of an error. */
export interface S3Failure {
  status: number
  /** As `NoSuchKey`; empty when the body said nothing, as for HEAD. */
  code: string
  message: string
  /** The region that the bucket is really in, where S3 names it. */
  region: string
}

/** Largest error body that is read, bytes. */
const ERROR_BYTES_MAX = 16_384

/** Reads an error response; its XML is small and flat, and only three of its elements matter. */
export async function readS3Failure(response: Response): Promise<S3Failure> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes > ERROR_BYTES_MAX) break
  }
  const xml = Buffer.concat(chunks).toString()
  const element = (name: string) => new RegExp(`<${name}>([^<]{0,1000})</${name}>`).exec(xml)?.[1] ?? ''
  return {
    status: response.status,
    code: element('Code'),
    message: element('Message'),
    region: element('Region'),
  }
}

/** Codes that speak of our keys, not of the object. */
const REMEDIES: Readonly<Record<string, string>> = {
  InvalidAccessKeyId: 'The bucket’s server does not know this access key: check `accessKeyId`.',
  SignatureDoesNotMatch: 'The secret key does not belong to the access key: check `secretAccessKey`.',
  RequestTimeTooSkewed: 'This machine’s clock is wrong: set it (NTP).',
  ExpiredToken: 'The session token has expired: renew `sessionToken`.',
  InvalidToken: 'The session token is not valid: check `sessionToken`.',
  NoSuchBucket: 'There is no such bucket there: check `bucket`, `endpoint` and `region`.',
}

/**
 * A viewer's answer to an S3 error: a plain status, never S3's XML.
 *
 * @param forbiddenIsMissing say 404 where the bucket says 403 (it may not list)
 * @throws UpstreamError for what is the operator's to mend, with the remedy
 */
export function answerToS3Failure(
  failure: S3Failure,
  where: string,
  { forbiddenIsMissing, method }: { forbiddenIsMissing: boolean; method: string },
): Response {
  const remedy = remedyFor(failure)
  if (remedy !== undefined) {
    const cause = new Error(`${failure.status} ${failure.code}: ${failure.message}`)
    throw new UpstreamError('OriginUnauthorizedError', where, { cause, remedy })
  }
  const { status } = failure
  if (status === 404 || (status === 403 && forbiddenIsMissing)) {
    return plainResponse(404, 'There is no such object.', [], method)
  }
  if (status === 403) return plainResponse(403, 'This object may not be read.', [], method)
  if (status >= 500) return plainResponse(503, 'The origin is busy.', ['Retry-After', '1'], method)
  return plainResponse(status, 'The origin refused this request.', [], method)
}

function remedyFor({ code, region, status }: S3Failure): string | undefined {
  if (code === 'PermanentRedirect' || code === 'AuthorizationHeaderMalformed' || status === 301) {
    return `The bucket is in another region${region === '' ? '' : `: set \`region\` to ${region}`}.`
  }
  return REMEDIES[code]
}

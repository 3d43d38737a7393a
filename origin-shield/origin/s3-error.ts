import { UpstreamError, type UpstreamFailure } from '../../edge/cache/fetch/upstream-error.ts'
import { firstValue } from '../../edge/cache/fields.ts'
import { bodyStream, type Response } from '../../edge/cache/message.ts'
import { plainResponse } from './plain-response.ts'

/** What S3 says in the XML of an error. All of it is somebody else's text, bounded. */
export interface S3Failure {
  status: number
  /** As `NoSuchKey`; empty when the body said nothing. */
  code: string
  message: string
  /** The region that the bucket is really in, where S3 names it. */
  region: string
  /** What S3's own support asks for. */
  requestId: string
}

/** Largest error body that is read, bytes. */
const ERROR_BYTES_MAX = 16_384

/** Reads an error response; its XML is small and flat, and few of its elements matter. Never rejects. */
export async function readS3Failure(response: Response): Promise<S3Failure> {
  const xml = await beginningOf(response)
  const element = (name: string) => new RegExp(`<${name}>([^<]{0,1000})</${name}>`).exec(xml)?.[1] ?? ''
  const region = element('Region') || (firstValue(response.fields, 'x-amz-bucket-region') ?? '')
  return {
    status: response.status,
    code: element('Code'),
    message: element('Message'),
    region: /^[a-z0-9-]{1,40}$/.test(region) ? region : '',
    requestId: element('RequestId') || (firstValue(response.fields, 'x-amz-request-id') ?? ''),
  }
}

async function beginningOf(response: Response): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of bodyStream(response)) {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes > ERROR_BYTES_MAX) break
    }
  } catch {
    // An explanation that breaks off is still one; the status is known in any case.
  }
  return Buffer.concat(chunks).subarray(0, ERROR_BYTES_MAX).toString()
}

/** Codes that are the operator's to mend: none of them speaks of the object asked for. */
const FOR_THE_OPERATOR: Readonly<Record<string, readonly [UpstreamFailure, remedy: string]>> = {
  InvalidAccessKeyId: ['OriginUnauthorizedError', 'S3 does not know this access key: check `accessKeyId`.'],
  SignatureDoesNotMatch: [
    'OriginUnauthorizedError',
    'The secret key does not belong to the access key: check `secretAccessKey`.',
  ],
  RequestTimeTooSkewed: ['OriginUnauthorizedError', 'This machine’s clock is wrong: set it (NTP).'],
  ExpiredToken: ['OriginUnauthorizedError', 'The session token has expired: renew `sessionToken`.'],
  InvalidToken: ['OriginUnauthorizedError', 'The session token is not valid: check `sessionToken`.'],
  NoSuchBucket: ['OriginError', 'There is no such bucket there: check `bucket`, `endpoint` and `region`.'],
  InvalidBucketName: ['OriginError', 'A bucket can’t have this name: check `bucket`.'],
  AllAccessDisabled: ['OriginError', 'The bucket’s owner has shut it off: check `bucket`.'],
  InvalidObjectState: ['OriginError', 'The object is archived: restore it, or store it in another class.'],
}

/** Codes of a key that no object can have. */
const NO_KEY: ReadonlySet<string> = new Set(['KeyTooLongError', 'InvalidURI'])

/**
 * A viewer's answer to an S3 error: a plain status, never S3's XML.
 *
 * @param where the bucket, for an operator's log
 * @param forbiddenIsMissing say 404 where the bucket says 403 (it may not list)
 * @throws UpstreamError for what is the operator's to mend, with the remedy
 */
export function answerToS3Failure(
  failure: S3Failure,
  where: string,
  { forbiddenIsMissing, method }: { forbiddenIsMissing: boolean; method: string },
): Response {
  const { status, code } = failure
  const [word, remedy] = FOR_THE_OPERATOR[code] ?? elsewhere(failure) ?? []
  if (word !== undefined) throw refusal(failure, where, word, remedy)
  if (status === 404 || NO_KEY.has(code) || (status === 403 && forbiddenIsMissing)) {
    return plainResponse(404, 'There is no such object.', [], method)
  }
  if (status === 403) return plainResponse(403, 'This object may not be read.', [], method)
  if (status >= 500) return plainResponse(503, 'The origin is busy.', ['Retry-After', '1'], method)
  throw refusal(failure, where, 'OriginError', 'See this code among S3’s error responses.')
}

function refusal(failure: S3Failure, where: string, word: UpstreamFailure, remedy = ''): UpstreamError {
  const { status, code, message, requestId } = failure
  const told = [
    `S3 answered ${status}`,
    code,
    message && `“${message}”`,
    requestId && `(request ${requestId})`,
  ]
  return new UpstreamError(word, where, { cause: new Error(told.filter(Boolean).join(' ')), remedy })
}

/** The bucket, or the region that the signature is for, is another one: S3 redirects, or refuses the signature. */
function elsewhere({ status, code, region }: S3Failure): readonly [UpstreamFailure, string] | undefined {
  if (code === 'AuthorizationHeaderMalformed') {
    return [
      'OriginUnauthorizedError',
      region === '' ? 'Check `region`: the signature is for another.' : `Set \`region\` to ${region}.`,
    ]
  }
  if (status >= 400 && code !== 'PermanentRedirect' && code !== 'TemporaryRedirect') return undefined
  return [
    'OriginError',
    region === ''
      ? 'The bucket is in another region or at another endpoint: check `region` and `endpoint`.'
      : `The bucket is in another region: set \`region\` to ${region}.`,
  ]
}

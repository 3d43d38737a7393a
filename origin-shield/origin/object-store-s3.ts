import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3'
import {
  checkedKey,
  OBJECT_BYTES_MAX,
  type ObjectStore,
  ObjectStoreError,
  type S3ObjectStoreSettings,
} from './object-store.ts'

/** To connect, and then to answer, ms. The SDK tries three times, with growing pauses. */
const CONNECT_MS_MAX = 3_000
const REQUEST_MS_MAX = 10_000

/** Objects in a bucket of anything that speaks the S3 protocol. Opens no connection yet. */
export function openS3Store(settings: S3ObjectStoreSettings): ObjectStore {
  const { bucket, prefix } = settings
  const client = clientFor(settings)
  const name = `bucket ${bucket} at ${settings.endpoint ?? `AWS ${settings.region}`}`
  const keyIn = (key: string) => (prefix === '' ? checkedKey(key) : `${prefix}/${checkedKey(key)}`)

  async function attempt<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (cause) {
      throw new ObjectStoreError(`${what} in ${name}`, remedyFor(cause), { cause })
    }
  }

  return {
    name,
    get(key) {
      const asked = { Bucket: bucket, Key: keyIn(key) }
      return attempt(`reading ${key}`, async () => {
        const answer = await client.send(new GetObjectCommand(asked)).catch(missingIsUndefined)
        if (answer?.Body === undefined) return undefined
        if ((answer.ContentLength ?? 0) > OBJECT_BYTES_MAX) {
          answer.Body.transformToWebStream().cancel()
          throw new Error(`it has ${answer.ContentLength} bytes, at most ${OBJECT_BYTES_MAX} are read`)
        }
        const body = Buffer.from(await answer.Body.transformToByteArray())
        return { body, contentType: answer.ContentType ?? 'application/octet-stream' }
      })
    },
    put(key, { body, contentType }) {
      const object = { Bucket: bucket, Key: keyIn(key), Body: body, ContentType: contentType }
      return attempt(`writing ${key}`, async () => {
        await client.send(new PutObjectCommand(object))
      })
    },
    delete(key) {
      const object = { Bucket: bucket, Key: keyIn(key) }
      return attempt(`removing ${key}`, async () => {
        await client.send(new DeleteObjectCommand(object))
      })
    },
    async problem() {
      try {
        await client.send(new HeadBucketCommand({ Bucket: bucket }), {
          abortSignal: AbortSignal.timeout(5_000),
        })
        return undefined
      } catch (error) {
        return `${name}: ${(error as Error).name}. ${remedyFor(error)}`
      }
    },
    async [Symbol.asyncDispose]() {
      client.destroy()
    },
  }
}

function clientFor(settings: S3ObjectStoreSettings): S3Client {
  const { accessKeyId, secretAccessKey, endpoint, region } = settings
  const addressing = settings.addressing ?? (endpoint === undefined ? 'host' : 'path')
  return new S3Client({
    region,
    forcePathStyle: addressing === 'path',
    // Checksums that AWS added in 2025 are unknown to many other servers of the protocol.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: CONNECT_MS_MAX, requestTimeout: REQUEST_MS_MAX },
    ...(endpoint !== undefined && { endpoint }),
    ...(accessKeyId !== undefined &&
      secretAccessKey !== undefined && { credentials: { accessKeyId, secretAccessKey } }),
  })
}

function missingIsUndefined(error: unknown): undefined {
  // A missing bucket is 404 too, but is a mistake of the operator.
  if (error instanceof S3ServiceException && error.name === 'NoSuchKey') return undefined
  throw error
}

function remedyFor(error: unknown): string {
  const status = error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined
  if (status === 404) return 'Make the bucket, or correct its name in `store.s3.bucket`.'
  if (status === 401 || status === 403) {
    return (
      'Check the keys, and that they allow s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket ' +
      '(without the last a missing object looks forbidden).'
    )
  }
  return 'Check that `store.s3.endpoint` is up and reachable from this machine.'
}

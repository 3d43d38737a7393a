import { readFileSync } from 'node:fs'
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { buildApp } from 'fauxqs'
import mime from 'mime'
import { PortInUse } from '../../edge/program/errors.ts'

/** A bucket in this process's memory, behind a server that speaks S3's protocol on loopback. */
export interface Bucket extends AsyncDisposable {
  /** The bucket as an origin's settings. */
  origin: {
    bucket: string
    endpoint: string
    accessKeyId: string
    secretAccessKey: string
  }
  /** Puts files into the bucket. */
  fill(files: readonly { key: string; file: string }[]): Promise<void>
}

const BUCKET = 'swagger'

/** The shield signs with these as it would for AWS; this server takes any. */
const KEYS = { accessKeyId: 'DEMO', secretAccessKey: 'demo' }

/** Starts the server with one empty bucket. @throws PortInUse */
export async function openDemoBucket(port: number): Promise<Bucket> {
  const app = buildApp({ logger: false })
  try {
    await app.listen({ host: '127.0.0.1', port })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw new PortInUse(port, '127.0.0.1', 'the demo’s S3 bucket', 'stopping the other program')
  }
  const endpoint = `http://127.0.0.1:${port}`
  // The SDK writes into the credentials that it is given.
  const credentials = { ...KEYS }
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials })
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }))
  return {
    origin: { bucket: BUCKET, endpoint, ...KEYS },
    async fill(files) {
      await Promise.all(files.map(({ key, file }) => client.send(putCommand(key, file))))
    },
    async [Symbol.asyncDispose]() {
      client.destroy()
      app.server.closeAllConnections()
      await app.close()
    },
  }
}

function putCommand(key: string, file: string): PutObjectCommand {
  return new PutObjectCommand({
    Bucket: BUCKET,
    Key: key,
    Body: readFileSync(file),
    ContentType: mime.getType(key) ?? 'application/octet-stream',
    CacheControl: 'public, max-age=300',
  })
}

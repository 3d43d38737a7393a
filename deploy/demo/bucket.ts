import { readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import mime from 'mime'
import S3rver from 's3rver'
import { PortInUse } from '../../edge/program/errors.ts'

/** A bucket on this machine, behind a server that speaks S3's protocol and checks its signatures. */
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

/** The only key pair that the server knows; it is on loopback and holds nothing but the demo. */
const KEYS = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' }

/** Starts the server with one empty bucket. @throws PortInUse */
export async function openDemoBucket(directory: string, port: number): Promise<Bucket> {
  await mkdir(directory, { recursive: true })
  const server = new S3rver({
    address: '127.0.0.1',
    port,
    directory,
    silent: true,
    resetOnClose: false,
    configureBuckets: [{ name: BUCKET, configs: [] }],
  })
  try {
    await server.run()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw new PortInUse(port, '127.0.0.1', 'the demo’s S3 bucket', 'stopping the other program')
  }
  const endpoint = `http://127.0.0.1:${port}`
  const client = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { ...KEYS },
  })
  return {
    origin: { bucket: BUCKET, endpoint, ...KEYS },
    async fill(files) {
      await Promise.all(files.map(({ key, file }) => client.send(putCommand(key, file))))
    },
    async [Symbol.asyncDispose]() {
      client.destroy()
      await server.close()
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

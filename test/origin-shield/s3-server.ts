import type { AddressInfo } from 'node:net'
import {
  CreateBucketCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
} from '@aws-sdk/client-s3'
import { buildApp } from 'fauxqs'
import { type Keys, signatureProblem } from './s3-signature.ts'

/** The only keys that the server knows. */
export const KEYS: Keys = { accessKeyId: 'AKIDSELVEDGE', secretAccessKey: 'a+secret/with=signs' }

/** A server that speaks S3's protocol, on loopback, with one bucket. */
export interface S3Server extends AsyncDisposable {
  endpoint: string
  bucket: string
  /** What it was asked, as `GET /bucket/key`, in order. */
  readonly asked: string[]
  put(key: string, body: string, more?: Partial<PutObjectCommandInput>): Promise<void>
}

/** Starts an empty S3 server in memory that checks every request's signature, as S3 does. */
export async function startS3Server({ region = 'us-east-1', bucket = 'site' } = {}): Promise<S3Server> {
  const app = buildApp({ logger: false })
  const asked: string[] = []
  app.addHook('onRequest', async ({ raw }, reply) => {
    asked.push(`${raw.method} ${raw.url}`)
    const code = signatureProblem(raw, KEYS, region)
    if (code === undefined) return undefined
    const where = code === 'AuthorizationHeaderMalformed' ? `<Region>${region}</Region>` : ''
    const xml = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code>${where}</Error>`
    return reply
      .code(where === '' ? 403 : 400)
      .type('application/xml')
      .send(raw.method === 'HEAD' ? undefined : xml)
  })
  await app.listen({ host: '127.0.0.1', port: 0 })

  const endpoint = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  const client = new S3Client({ endpoint, region, forcePathStyle: true, credentials: { ...KEYS } })
  await client.send(new CreateBucketCommand({ Bucket: bucket }))
  asked.length = 0
  return {
    endpoint,
    bucket,
    asked,
    async put(key, body, more = {}) {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ...more }))
    },
    async [Symbol.asyncDispose]() {
      client.destroy()
      app.server.closeAllConnections()
      await app.close()
    },
  }
}

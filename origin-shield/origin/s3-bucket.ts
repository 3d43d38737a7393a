import { setTimeout as pause } from 'node:timers/promises'
import { Pool } from 'undici'
import { exchange } from '../../edge/cache/fetch/exchange.ts'
import { type Fields, NO_FIELDS } from '../../edge/cache/fields.ts'
import { type Leaving, signalOf } from '../../edge/cache/leaving.ts'
import { discardBody, type Request, type Response } from '../../edge/cache/message.ts'
import { connectorFor } from './connector.ts'
import { isPassing } from './passing-failure.ts'
import { readS3Failure, type S3Failure } from './s3-error.ts'
import { addressOf, encodeKey, signerOf } from './s3-request.ts'
import type { S3OriginSettings } from './schema.ts'

const CONNECT_MS_MAX = 5_000
const ANSWER_MS_MAX = 30_000
/** How often a busy bucket or a broken connection is asked in all, and the pause before the second time, ms. */
const ATTEMPTS = 3
const RETRY_PAUSE_MS = 200

/** S3's words for "later": an internal error, a gateway's, SlowDown. */
const BUSY: ReadonlySet<number> = new Set([500, 502, 503, 504])

/** A bucket behind the S3 protocol: signed requests for its keys. */
export interface Bucket extends AsyncDisposable {
  /** For an operator's eyes. */
  readonly name: string
  /**
   * Asks for an object (GET or HEAD; both may be repeated). Broken connections and a busy bucket are
   * tried again, with growing pauses.
   *
   * @param key the names that its slashes part; the settings' prefix is put before them
   * @throws UpstreamError
   */
  ask(asked: S3Asked, signal: Leaving): Promise<Response>
  /** Why S3 refused: its words, which an answer to HEAD has no room for and are then asked for by GET. */
  failureOf(refused: Response, asked: S3Asked, signal: Leaving): Promise<S3Failure>
}

/** What a bucket is asked. */
export interface S3Asked {
  method: 'GET' | 'HEAD'
  key: readonly string[]
  fields: Fields
}

/** Connects to a bucket when it is first asked. */
export function openBucket(settings: S3OriginSettings): Bucket {
  const address = addressOf(settings)
  const sign = signerOf(settings)
  const prefix = settings.prefix.split('/').filter((part) => part !== '')
  const name = `bucket ${settings.bucket} at ${address.origin}`
  const pool = new Pool(address.origin, {
    connections: 128,
    connect: connectorFor(CONNECT_MS_MAX),
    allowH2: false,
    headersTimeout: ANSWER_MS_MAX,
    bodyTimeout: ANSWER_MS_MAX,
  })

  async function attempt({ method, key, fields }: S3Asked, signal: Leaving): Promise<Response> {
    const target = `${address.path}/${encodeKey([...prefix, ...key])}`
    const signed = fields.concat(await sign(method, address.host, target))
    const request: Request = { method, scheme: 'http', host: address.host, target, fields: signed }
    return exchange(pool, request, { where: name, host: address.host }, signal)
  }

  async function ask(asked: S3Asked, signal: Leaving): Promise<Response> {
    for (let made = 1; ; made += 1) {
      try {
        const response = await attempt(asked, signal)
        if (made >= ATTEMPTS || !BUSY.has(response.status)) return response
        discardBody(response)
      } catch (error) {
        if (made >= ATTEMPTS || signal.aborted || !isPassing(error)) throw error
      }
      // Not all at the same moment: many requests are refused at once by a bucket that is busy.
      await pause(RETRY_PAUSE_MS * 2 ** (made - 1) * (0.5 + Math.random()), undefined, {
        signal: signalOf(signal),
      })
    }
  }

  async function failureOf(refused: Response, { method, key }: S3Asked, signal: Leaving) {
    if (method === 'GET') return readS3Failure(refused)
    const told = await ask({ method: 'GET', key, fields: ['Range', 'bytes=0-0'] }, signal)
    if (told.status >= 300) return readS3Failure(told)
    discardBody(told) // it was put there meanwhile
    return readS3Failure({ status: refused.status, fields: NO_FIELDS })
  }

  return { name, ask, failureOf, [Symbol.asyncDispose]: () => pool.destroy() }
}

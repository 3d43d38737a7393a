import { hash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Logger } from 'pino'
import { Agent, type Dispatcher, request } from 'undici'
import { z } from 'zod'
import { signedValue } from '../../edge/program/shared-key.ts'
import type { FrontDoor } from './front-door.ts'
import { type Problem, problemOf } from './problem.ts'
import { shareAmong } from './thumbnail-workers.ts'

/** Sizes that the thumbnailer knows: 111×82, 201×147 (Alexa's), what they say, and all of 1024×768. */
export const THUMBNAIL_SIZES = ['small', 'large', '400x300', '800x600', 'full'] as const

export type ThumbnailSize = (typeof THUMBNAIL_SIZES)[number]

/** Which picture of a page; what is left out is the thumbnailer's to choose. */
export interface PictureWanted {
  size: ThumbnailSize
  scale?: 1 | 2 | undefined
  format?: 'webp' | 'jpeg' | 'avif' | 'png' | undefined
  scheme?: 'light' | 'dark' | undefined
  /** An older one, as `history` names it. */
  version?: string | undefined
  /** Whether to wait for the first picture; who doesn't gets a placeholder. */
  wait: boolean
}

/** A first picture takes as long as a page takes to load and a browser to start; longer is no use, ms. */
const WAIT_MS_MAX = 60_000

/** Largest picture passed on, bytes; 1024×768 as PNG of noise is 3 MB. */
const PICTURE_BYTES_MAX = 8_388_608

/** Largest history read, bytes: a hundred looks, each with two long URLs. */
const HISTORY_BYTES_MAX = 1_048_576

/** Largest problem read, bytes. */
const PROBLEM_BYTES_MAX = 16_384

/** Pictures that may be on their way at a time; more wait. */
const CONNECTIONS_MAX = 64

/** What may reach a browser as a picture. SVG is none of them: it can hold scripts. */
const PICTURE_TYPES = ['image/webp', 'image/avif', 'image/jpeg', 'image/png']

/** What is passed on of the viewer's request and of the thumbnailer's answer. */
const REQUEST_FIELDS = ['accept', 'if-none-match', 'if-modified-since'] as const
const RESPONSE_FIELDS = [
  ...(['content-type', 'etag', 'last-modified', 'cache-control', 'vary', 'retry-after'] as const),
  'selvedge-kind',
] as const

/** Problems of the thumbnailer's that are the asker's to know. */
const TOLD_STATUSES = [400, 403, 404, 422, 429, 502, 503, 504]

/** How long to wait before a next try where the thumbnailer doesn't say, seconds. */
const RETRY_SECONDS = 10

/** A picture (202: a placeholder for it), or why there is none. */
export type ThumbnailAnswer =
  | { status: 200 | 202; headers: Record<string, string>; body: Buffer }
  | { status: 304; headers: Record<string, string> }
  | { problem: Problem }

const version = z.object({
  digest: z.string(),
  renderedAtMs: z.int(),
  checkedAtMs: z.int(),
  finalUrl: z.string(),
  title: z.string(),
  favicon: z.string().optional(),
  language: z.string().optional(),
  kind: z.string(),
  colour: z.string(),
  thumbhash: z.string(),
})

const history = z.object({
  url: z.string(),
  versions: z.array(version),
  failure: z
    .object({ code: z.string(), detail: z.string(), times: z.int(), atMs: z.int(), untilMs: z.int() })
    .optional(),
})

const renewal = z.object({ state: z.enum(['made', 'fresh']) })

/** How a page looks and looked. */
export type PictureHistory = z.infer<typeof history>

/** Asks the thumbnailer for pictures. */
export interface Thumbnailer extends AsyncDisposable {
  /** @param headers the viewer's: `Accept` and conditions are passed on */
  picture(page: FrontDoor, wanted: PictureWanted, headers: IncomingHttpHeaders): Promise<ThumbnailAnswer>
  /** The page's pictures, newest first, and why the latest try failed. */
  history(page: FrontDoor, scheme: 'light' | 'dark'): Promise<PictureHistory | { problem: Problem }>
  /** Draws a page of our own making, 1200×630 pixels. */
  draw(html: string): Promise<ThumbnailAnswer>
  /** Has a new picture made where the kept one is too old, after all that people wait for. Resolves when it is there. */
  renew(page: FrontDoor): Promise<'made' | 'fresh' | { problem: Problem }>
  /** Has a new picture made. */
  refresh(page: FrontDoor, scheme: 'light' | 'dark'): Promise<{ problem: Problem } | undefined>
}

export interface ThumbnailerOptions {
  /** Where the thumbnailer listens, e.g. `http://127.0.0.1:8093`, or several with one store. */
  url: string | readonly string[]
  /** Shared with it, to sign requests. */
  key: string
  /** Unix ms. */
  now(): number
  log: Logger
  waitMsMax?: number
}

export function connectThumbnailer(options: ThumbnailerOptions): Thumbnailer {
  const waitMs = options.waitMsMax ?? WAIT_MS_MAX
  const workers = shareAmong(typeof options.url === 'string' ? [options.url] : options.url, Date.now)
  const agent = new Agent({ connections: CONNECTIONS_MAX, headersTimeout: waitMs, bodyTimeout: waitMs })

  /** @param path with its query @param about by what the work is shared: a host, or what is drawn */
  async function ask(
    method: 'GET' | 'POST',
    path: string,
    { about, headers = {}, body }: { about: string; headers?: Record<string, string>; body?: string },
  ): Promise<Dispatcher.ResponseData> {
    const signature = signedValue(options.key, 'thumbnailer', [method, path], options.now())
    const signal = AbortSignal.timeout(waitMs)
    const askOne = (worker: string) =>
      request(new URL(path, worker), {
        method,
        ...(body !== undefined && { body }),
        dispatcher: agent,
        headers: { ...headers, 'selvedge-signature': signature },
        signal,
      })
    return workers.ask(about, askOne, (answer) => {
      // Its queue is full, or its browser ails: another has a turn.
      if (answer.statusCode !== 503) return true
      // Nobody reads what it says; a connection that breaks over it is the pool's to replace.
      void answer.body.dump().catch(() => undefined)
      return false
    })
  }

  /** What is made of an answer; none is a problem too. */
  async function told<T>(url: string, answering: Promise<T>): Promise<T | { problem: Problem }> {
    try {
      return await answering
    } catch (error) {
      options.log.warn({ url, error: String(error) }, 'the thumbnailer gave no answer')
      return { problem: noAnswer(error) }
    }
  }

  async function askForPicture(
    page: FrontDoor,
    wanted: PictureWanted,
    headers: IncomingHttpHeaders,
  ): Promise<ThumbnailAnswer> {
    const answer = await ask('GET', picturePath(page, wanted), {
      about: hostOf(page.url),
      headers: picked(headers, REQUEST_FIELDS),
    })
    return readAnswer(answer, options.log)
  }

  async function askForHistory(
    url: string,
    scheme: 'light' | 'dark',
  ): Promise<PictureHistory | { problem: Problem }> {
    const answer = await ask('GET', `/history?${new URLSearchParams({ url, scheme })}`, {
      about: hostOf(url),
    })
    if (answer.statusCode !== 200) return { problem: await readProblem(answer, options.log) }
    const read = history.safeParse(
      jsonOf((await readAtMost(answer.body, HISTORY_BYTES_MAX))?.toString('utf8') ?? ''),
    )
    return read.success ? read.data : { problem: noPicture() }
  }

  async function askForNew(url: string, scheme: 'light' | 'dark'): Promise<{ problem: Problem } | undefined> {
    const answer = await ask('POST', `/refresh?${new URLSearchParams({ url, scheme })}`, {
      about: hostOf(url),
    })
    if (answer.statusCode !== 202) return { problem: await readProblem(answer, options.log) }
    await answer.body.dump()
    return undefined
  }

  async function askForRenewal({ url, rank }: FrontDoor): Promise<'made' | 'fresh' | { problem: Problem }> {
    const query = new URLSearchParams({ url, ...(rank !== undefined && { rank: String(rank) }) })
    const answer = await ask('POST', `/renewal?${query}`, { about: hostOf(url) })
    if (answer.statusCode !== 200) return { problem: await readProblem(answer, options.log) }
    const text = (await readAtMost(answer.body, PROBLEM_BYTES_MAX))?.toString('utf8') ?? ''
    const read = renewal.safeParse(jsonOf(text))
    return read.success ? read.data.state : { problem: noPicture() }
  }

  async function askForDrawing(html: string): Promise<ThumbnailAnswer> {
    const digest = hash('sha256', html)
    return readAnswer(
      await ask('POST', `/drawing?sha256=${digest}`, { about: digest, body: html }),
      options.log,
    )
  }

  return {
    draw: (html) => told('a drawing', askForDrawing(html)),
    picture: (page, wanted, headers) => told(page.url, askForPicture(page, wanted, headers)),
    history: ({ url }, scheme) => told(url, askForHistory(url, scheme)),
    renew: (page) => told(page.url, askForRenewal(page)),
    refresh: ({ url }, scheme) => told(url, askForNew(url, scheme)),
    [Symbol.asyncDispose]: () => agent.destroy(),
  }
}

function hostOf(url: string): string {
  return new URL(url).hostname
}

function picturePath(
  { url, rank }: FrontDoor,
  { size, scale, format, scheme, version, wait }: PictureWanted,
): string {
  const query = new URLSearchParams({ url, size })
  const more = { scale, format, scheme, version, rank, ...(!wait && { wait: '0' }) }
  for (const [name, value] of Object.entries(more)) if (value !== undefined) query.set(name, String(value))
  return `/thumbnail?${query}`
}

async function readAnswer(answer: Dispatcher.ResponseData, log: Logger): Promise<ThumbnailAnswer> {
  const { statusCode: status, body } = answer
  const headers = picked(answer.headers, RESPONSE_FIELDS)
  if (status === 304) {
    await body.dump()
    return { status, headers }
  }
  if (status !== 200 && status !== 202) return { problem: await readProblem(answer, log) }
  const picture = PICTURE_TYPES.includes(headers['content-type'] ?? '')
    ? await readAtMost(body, PICTURE_BYTES_MAX)
    : undefined
  if (picture !== undefined) return { status, headers, body: picture }
  // Nobody listens any more for the error that a body destroyed half way emits.
  body.once('error', () => undefined).destroy()
  log.error({ type: headers['content-type'] }, 'the thumbnailer answered with something that is no picture')
  return { problem: noPicture() }
}

const thumbnailerProblem = z.object({ title: z.string(), code: z.string(), detail: z.string() })

/** The thumbnailer's own words where they are the asker's business, ours where they are the operator's. */
async function readProblem(answer: Dispatcher.ResponseData, log: Logger): Promise<Problem> {
  const { statusCode: status } = answer
  const text = (await readAtMost(answer.body, PROBLEM_BYTES_MAX))?.toString('utf8') ?? ''
  if (!TOLD_STATUSES.includes(status)) {
    log.error({ status, answer: text.slice(0, 500) }, 'the thumbnailer refused; is its `key` the same?')
    return noPicture()
  }
  const told = thumbnailerProblem.safeParse(jsonOf(text))
  const own = told.success ? told.data : noPicture()
  const retryAfterSeconds = retryAfterOf(answer, status)
  return {
    status,
    title: own.title,
    code: own.code,
    detail: own.detail,
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  }
}

function retryAfterOf(answer: Dispatcher.ResponseData, status: number): number | undefined {
  const given = String(answer.headers['retry-after'] ?? '')
  if (/^\d{1,6}$/.test(given)) return Number(given)
  return status === 404 ? undefined : RETRY_SECONDS
}

function noPicture(): Problem {
  return problemOf('thumbnailer-failed', 'The thumbnailer gave no picture.', {
    retryAfterSeconds: RETRY_SECONDS,
  })
}

function noAnswer(error: unknown): Problem {
  const retry = { retryAfterSeconds: RETRY_SECONDS }
  return isTimeout(error)
    ? problemOf('thumbnailer-slow', 'The picture was not ready in time.', retry)
    : problemOf('thumbnailer-down', 'Pictures can not be had right now.', retry)
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && /^(TimeoutError|HeadersTimeoutError|BodyTimeoutError)$/.test(error.name)
}

/** The whole body, or `undefined` when it is longer than allowed. */
async function readAtMost(
  body: Dispatcher.ResponseData['body'],
  bytesMax: number,
): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of body) {
    length += chunk.length
    if (length > bytesMax) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function picked(headers: IncomingHttpHeaders, names: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {}
  for (const name of names) {
    const value = headers[name]
    if (typeof value === 'string') found[name] = value
  }
  return found
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // some other server's error page: told in our words
  }
}

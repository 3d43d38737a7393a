import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { describeError } from '../../edge/program/errors.ts'
import { isSignedBy, signedValue } from '../../edge/program/shared-key.ts'
import type { FrontDoor } from '../api/front-door.ts'
import { sendProblem } from '../api/problem.ts'
import type { Thumbnailer } from '../api/thumbnailer.ts'
import { hasKey, requestOf } from './alexa.ts'
import { authenticate } from './authenticate.ts'
import type { Catalogue } from './catalogue.ts'
import { failed } from './envelope.ts'
import { AlexaFailure } from './failure.ts'
import { actionIn, type Call, callsIn, required } from './request.ts'
import type { AlexaSettings } from './settings.ts'
import { aws, type Elements, xmlOf } from './xml.ts'

/**
 * Alexa Site Thumbnail (version 2006-05-15), for clients that were written for it:
 *
 *   GET /xino/?Action=Thumbnail&Url=…&Size=Small|Large      XML with the address of a picture
 *   GET /xino/?Action=Redirect&Url=…&DefaultImage=…         302 to the picture, for `<img src>`
 *   GET /xino/picture?…                                     the picture, for as long as its address is good
 */
export interface SiteThumbnailOptions {
  settings: AlexaSettings
  catalogue: Catalogue
  frontDoorOf(site: string): Promise<FrontDoor>
  thumbnailer: Thumbnailer
  /** Signs the addresses of pictures. */
  key: string
  log: Logger
}

const NAMESPACE = 'http://ast.amazonaws.com/doc/2006-05-15/'

/** Most sites in one request. */
const CALLS_MAX = 20

/** Sizes as their names were. */
const SIZES = { small: 'small', large: 'large' } as const
type Size = keyof typeof SIZES

/** What a call is about, looked up. */
interface Found {
  /** As it was asked for. */
  url: string
  /** Address of the picture on this server, good for five minutes. */
  picture: string
  /** Whether it is the site's picture; else a placeholder, and the site is being rendered. */
  exists: boolean
}

export function addSiteThumbnails(app: FastifyInstance, options: SiteThumbnailOptions): void {
  const handler = (request: FastifyRequest, reply: FastifyReply) => answer(request, reply, options)
  for (const url of ['/xino', '/xino/', '/Xino', '/Xino/']) app.get(url, { schema: { hide: true } }, handler)
  app.get('/xino/picture', { schema: { hide: true } }, (request, reply) =>
    sendPicture(request.query, reply, options),
  )
}

async function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  options: SiteThumbnailOptions,
): Promise<FastifyReply> {
  const requestId = randomUUID()
  const about = { era: 'v2', requestId, output: 'xml' } as const
  let action = 'Thumbnail'
  reply.header('Cache-Control', 'no-store').type('application/xml')
  try {
    const read = requestOf(request)
    action = actionIn(read.parameters) ?? action
    const { nowMs } = options.catalogue
    authenticate(read, options.settings, { hasKey: hasKey(request), nowMs })
    const calls = callsIn(read.parameters, CALLS_MAX)
    if (action === 'Redirect') return await redirect(request, reply, calls[0] as Call, options)
    if (action !== 'Thumbnail') throw new AlexaFailure('InvalidAction', 'There are Thumbnail and Redirect.')
    const found = await Promise.all(calls.map((call) => find(request, call, options)))
    return reply.send(documentOf(found, requestId))
  } catch (error) {
    const failure = error instanceof AlexaFailure ? error : unforeseen(error, options.log)
    const { httpStatus, headers, text } = failed(failure, action, about)
    return reply.code(httpStatus).headers(headers).send(text)
  }
}

function documentOf(found: readonly Found[], requestId: string): string {
  const results: Elements[] = found.map(({ url, picture, exists }) => ({
    Thumbnail: { '@Exists': String(exists), '#text': picture },
    RequestUrl: url,
  }))
  const response = {
    OperationRequest: { RequestId: requestId },
    ThumbnailResult: results,
    ResponseStatus: { StatusCode: 'Success' },
  }
  return xmlOf({ 'aws:ThumbnailResponse': { '@xmlns:aws': NAMESPACE, ...aws({ Response: response }) } })
}

/** Asking for the picture is also what has it made. */
async function find(
  request: FastifyRequest,
  call: Call,
  { catalogue, frontDoorOf, thumbnailer, key }: SiteThumbnailOptions,
): Promise<Found> {
  const url = required(call, 'Url')
  const size = sizeIn(call)
  const site = await catalogue.siteAt(url)
  const wanted = { size, format: 'jpeg', wait: false } as const
  const answered = await thumbnailer.picture(await frontDoorOf(site), wanted, {})
  const exists = !('problem' in answered) && answered.status === 200
  const signature = signedValue(key, 'thumbnailer', ['ast', site, size], catalogue.nowMs)
  const query = new URLSearchParams({ site, size, signature })
  return { url, exists, picture: `${request.protocol}://${request.host}/xino/picture?${query}` }
}

function sizeIn({ asked }: Call): Size {
  const size = (asked.get('Size') ?? 'Large').toLowerCase()
  if (Object.hasOwn(SIZES, size)) return size as Size // one of the names, as was just asked
  throw new AlexaFailure('InvalidParameterValue', 'Size has to be Small or Large.')
}

async function redirect(
  request: FastifyRequest,
  reply: FastifyReply,
  call: Call,
  options: SiteThumbnailOptions,
): Promise<FastifyReply> {
  const { exists, picture } = await find(request, call, options)
  const instead = call.asked.get('DefaultImage')
  const other = exists || instead === undefined ? null : URL.parse(instead)
  if (!exists && instead !== undefined && !/^https?:$/.test(other?.protocol ?? ''))
    throw new AlexaFailure('InvalidParameterValue', 'DefaultImage has to be an address of http: or https:.')
  return reply.redirect(other?.href ?? picture, 302)
}

async function sendPicture(
  query: unknown,
  reply: FastifyReply,
  { catalogue, frontDoorOf, thumbnailer, key }: SiteThumbnailOptions,
): Promise<FastifyReply> {
  const { site, size, signature } = query as Record<string, unknown>
  const isGenuine =
    typeof site === 'string' &&
    typeof signature === 'string' &&
    isSignedBy(key, 'thumbnailer', ['ast', site, String(size)], signature, catalogue.nowMs)
  if (!isGenuine) return reply.code(403).type('text/plain').send('This address is no longer good.\n')
  const wanted = { size: size as Size, format: 'jpeg', wait: false } as const // signed by us, so one of ours
  const answered = await thumbnailer.picture(await frontDoorOf(site), wanted, {})
  if ('problem' in answered) return sendProblem(reply, answered.problem)
  return reply.headers(answered.headers).send(answered.status === 304 ? undefined : answered.body)
}

function unforeseen(error: unknown, log: Logger): AlexaFailure {
  log.error({ error: describeError(error) }, 'an answer in Alexa’s form failed')
  return new AlexaFailure('InternalError', 'The picture can not be had right now. Try again in some seconds.')
}

import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { describeError } from '../../edge/program/errors.ts'
import { categoryBrowse, categoryListings } from './actions/categories.ts'
import { sitesLinkingIn } from './actions/sites-linking-in.ts'
import { topSites } from './actions/top-sites.ts'
import { trafficHistory } from './actions/traffic-history.ts'
import { urlInfo } from './actions/url-info.ts'
import { authenticate, type Era } from './authenticate.ts'
import type { Catalogue } from './catalogue.ts'
import { envelope, failed } from './envelope.ts'
import { AlexaFailure } from './failure.ts'
import { type AlexaRequest, type Call, callsIn, parametersIn } from './request.ts'
import type { AlexaSettings } from './settings.ts'
import type { Elements } from './xml.ts'

/** What can be asked. */
const ACTIONS: Readonly<Record<string, (call: Call, catalogue: Catalogue) => Promise<Elements>>> = {
  UrlInfo: urlInfo,
  TrafficHistory: trafficHistory,
  TopSites: topSites,
  CategoryBrowse: categoryBrowse,
  CategoryListings: categoryListings,
  SitesLinkingIn: sitesLinkingIn,
}

/** What Alexa's services need. */
export interface AlexaOptions {
  settings: AlexaSettings
  catalogue: Catalogue
  log: Logger
}

/**
 * Where requests of clients before 2017 go, which had `/?Action=…`: that path is a page for people here.
 *
 * @param url path and query as received
 */
export function withoutAlexaRoot(url: string): string {
  return /^\/\?(.*&)?(Action|Operation)=/.test(url) ? `/api${url.slice(1)}` : url
}

/** Alexa Web Information Service and Alexa Top Sites, for clients that were written for them. */
export function addAlexa(app: FastifyInstance, options: AlexaOptions): void {
  const handler = (request: FastifyRequest, reply: FastifyReply) => answer(request, reply, options)
  for (const url of ['/api', '/onca/xml']) app.get(url, { schema: { hide: true } }, handler)
}

async function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  options: AlexaOptions,
): Promise<FastifyReply> {
  const requestId = randomUUID()
  let era: Era = request.headers.authorization === undefined ? 'v2' : 'v4'
  let action = 'Unknown'
  reply.header('x-amzn-RequestId', requestId).header('Cache-Control', 'no-store').type('application/xml')
  try {
    const read = requestOf(request)
    action = read.parameters.get('Action') ?? read.parameters.get('Operation') ?? action
    era = authenticate(read, options.settings, options.catalogue.nowMs)
    return reply.send(await answered(read, options.catalogue, { era, requestId }))
  } catch (error) {
    const failure = error instanceof AlexaFailure ? error : unforeseen(error, options.log)
    const { httpStatus, headers, xml } = failed(failure, action, { era, requestId })
    return reply.code(httpStatus).headers(headers).send(xml)
  }
}

async function answered(
  { parameters }: AlexaRequest,
  catalogue: Catalogue,
  about: { era: Era; requestId: string },
): Promise<string> {
  const calls = callsIn(parameters)
  const results = await Promise.all(
    calls.map(async (call) => {
      const act = Object.hasOwn(ACTIONS, call.action) ? ACTIONS[call.action] : undefined
      if (act !== undefined) return { call, result: await act(call, catalogue) }
      const known = Object.keys(ACTIONS).join(', ')
      throw new AlexaFailure(
        'InvalidAction',
        `There is no action ${call.action.slice(0, 64)}. There are ${known}.`,
      )
    }),
  )
  return envelope(results, about)
}

function requestOf(request: FastifyRequest): AlexaRequest {
  const [path = '/', ...rest] = request.originalUrl.split('?')
  const query = rest.join('?')
  const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value ?? '')])
  return {
    method: request.method,
    host: request.headers.host ?? '',
    path,
    query,
    headers: Object.fromEntries(headers),
    parameters: parametersIn(query),
  }
}

function unforeseen(error: unknown, log: Logger): AlexaFailure {
  log.error({ error: describeError(error) }, 'an answer in Alexa’s form failed')
  return new AlexaFailure('InternalError', 'The figures can not be had right now. Try again in some seconds.')
}

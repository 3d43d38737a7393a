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
import { type About, envelope, failed, type Output } from './envelope.ts'
import { AlexaFailure } from './failure.ts'
import { type AlexaRequest, actionIn, type Call, callsIn, parametersIn } from './request.ts'
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

/** As their clients write them: `Topsites`, `urlInfo`. */
const ACTION_NAMES = new Map(Object.keys(ACTIONS).map((name) => [name.toLowerCase(), name]))

/** What Alexa's services need. */
export interface AlexaOptions {
  settings: AlexaSettings
  catalogue: Catalogue
  log: Logger
}

/** Longest form, bytes: a batch of five has not nearly as much. */
const FORM_BYTES_MAX = 16_384

const FORM = 'application/x-www-form-urlencoded'

/**
 * Where requests of clients before 2017 go, which had `/?Action=…`, or `/` and a form: that path is a page for people
 * here, who only read it.
 *
 * @param url path and query as received
 */
export function withoutAlexaRoot({ url = '/', method }: { url?: string; method?: string }): string {
  const isOurs = method === 'POST' ? /^\/(\?|$)/.test(url) : /^\/\?(.*&)?(Action|Operation)=/.test(url)
  if (isOurs && /[?&]Action=(Thumbnail|Redirect)(&|$)/.test(url)) return `/xino/${url.slice(1)}`
  return isOurs ? `/api${url.slice(1)}` : url
}

/** Alexa Web Information Service and Alexa Top Sites, for clients that were written for them. */
export function addAlexa(app: FastifyInstance, options: AlexaOptions): void {
  const handler = (request: FastifyRequest, reply: FastifyReply) => answer(request, reply, options)
  app.register(async (door) => {
    door.addContentTypeParser(FORM, { parseAs: 'string' }, async (_: unknown, body: string | Buffer) => body)
    for (const url of ['/api', '/onca/xml']) {
      door.get(url, { schema: { hide: true } }, handler)
      door.post(url, { schema: { hide: true }, bodyLimit: FORM_BYTES_MAX }, handler)
    }
  })
}

async function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  options: AlexaOptions,
): Promise<FastifyReply> {
  const requestId = randomUUID()
  let era = likelyEra(request)
  let action = 'Unknown'
  let output: Output = 'xml'
  reply.header('x-amzn-RequestId', requestId).header('Cache-Control', 'no-store')
  try {
    const read = requestOf(request)
    action = actionIn(read.parameters) ?? action
    output = read.parameters.get('Output')?.toLowerCase() === 'json' ? 'json' : output
    const { nowMs } = options.catalogue
    era = authenticate(read, options.settings, { hasKey: hasKey(request), nowMs })
    const text = await answered(read, options.catalogue, { era, requestId, output })
    return reply.type(TYPES[output]).send(text)
  } catch (error) {
    const failure = error instanceof AlexaFailure ? error : unforeseen(error, options.log)
    const { httpStatus, headers, text } = failed(failure, action, { era, requestId, output })
    return reply.code(httpStatus).headers(headers).type(TYPES[output]).send(text)
  }
}

const TYPES: Readonly<Record<Output, string>> = { xml: 'application/xml', json: 'application/json' }

/** Of which time a client is whose request can't be read to its end. */
function likelyEra({ headers, originalUrl }: FastifyRequest): Era {
  if (headers.authorization !== undefined || originalUrl.includes('X-Amz-Signature=')) return 'v4'
  return headers['x-api-key'] === undefined ? 'v2' : 'key'
}

/** Whether it came with a key of our API that may read rankings and sites. */
export function hasKey({ caller }: FastifyRequest): boolean {
  if (caller.kind !== 'key') return false
  const { scopes } = caller.key
  return scopes.includes('rankings:read') && scopes.includes('sites:read')
}

async function answered({ parameters }: AlexaRequest, catalogue: Catalogue, about: About): Promise<string> {
  const calls = callsIn(parameters)
  const results = await Promise.all(
    calls.map(async (call) => {
      const action = ACTION_NAMES.get(call.action.toLowerCase())
      const act = action === undefined ? undefined : ACTIONS[action]
      if (action !== undefined && act !== undefined)
        return { call: { ...call, action }, result: await act(call, catalogue) }
      const known = Object.keys(ACTIONS).join(', ')
      throw new AlexaFailure(
        'InvalidAction',
        `There is no action ${call.action.slice(0, 64)}. There are ${known}.`,
      )
    }),
  )
  return envelope(results, about)
}

/** The request with its parameters, as it was signed. @throws AlexaFailure */
export function requestOf(request: FastifyRequest): AlexaRequest {
  const [path = '/', ...rest] = request.originalUrl.split('?')
  const query = rest.join('?')
  const body = typeof request.body === 'string' ? request.body : ''
  const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value ?? '')])
  return {
    method: request.method,
    host: request.headers.host ?? '',
    path,
    inQuery: parametersIn(query),
    body,
    headers: Object.fromEntries(headers),
    parameters: parametersIn([query, body].filter((part) => part !== '').join('&')),
  }
}

function unforeseen(error: unknown, log: Logger): AlexaFailure {
  log.error({ error: describeError(error) }, 'an answer in Alexa’s form failed')
  return new AlexaFailure('InternalError', 'The figures can not be had right now. Try again in some seconds.')
}

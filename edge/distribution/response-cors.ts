import { filterFields, firstValue, joinedValue, listMembers, withField } from '../cache/fields.ts'
import type { ResponseHeadersPolicy } from './policy/response-headers-policy.ts'
import type { ResponseChange } from './response-change.ts'

type CorsConfig = NonNullable<ResponseHeadersPolicy['corsConfig']>

const ALL_METHODS = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'POST', 'DELETE']

/**
 * Cross-origin access as CloudFront grants it (Fetch standard, CORS protocol): only to requests with an
 * `Origin`, and unless `originOverride` says otherwise only where the origin said nothing of it itself.
 * A preflight is passed on like any OPTIONS; what is added to its answer is what a browser asks of one.
 */
export function preparedCors(config: CorsConfig): ResponseChange {
  const allowedOrigin = originMatcher(config.accessControlAllowOrigins)
  const toPreflight = preflightFields(config)
  const toOthers = listed('Access-Control-Expose-Headers', config.accessControlExposeHeaders)
  return (fields, { method, asked }) => {
    const varying = allowedOrigin === 'any' ? fields : withVaryOrigin(fields)
    const origin = firstValue(asked, 'origin')
    if (origin === undefined) return varying
    if (!config.originOverride && firstValue(fields, 'access-control-allow-origin') !== undefined)
      return varying
    const said = filterFields(varying, (name) => !name.startsWith('access-control-'))
    if (allowedOrigin !== 'any' && !allowedOrigin(origin)) return said
    said.push('Access-Control-Allow-Origin', allowedOrigin === 'any' ? '*' : origin)
    if (config.accessControlAllowCredentials) said.push('Access-Control-Allow-Credentials', 'true')
    const isPreflight =
      method === 'OPTIONS' && firstValue(asked, 'access-control-request-method') !== undefined
    return said.concat(isPreflight ? toPreflight : toOthers)
  }
}

function preflightFields(config: CorsConfig): string[] {
  const { accessControlAllowMethods, accessControlAllowHeaders, accessControlMaxAgeSec } = config
  const methods = accessControlAllowMethods.includes('ALL') ? ALL_METHODS : accessControlAllowMethods
  const maxAge = accessControlMaxAgeSec === undefined ? [] : [String(accessControlMaxAgeSec)]
  return [
    ...listed('Access-Control-Allow-Methods', methods),
    ...listed('Access-Control-Allow-Headers', accessControlAllowHeaders),
    ...listed('Access-Control-Max-Age', maxAge),
  ]
}

function listed(name: string, values: readonly string[]): string[] {
  return values.length === 0 ? [] : [name, values.join(', ')]
}

/** `*` alone is everybody; within an origin it stands for any run of characters but a slash. */
function originMatcher(allowed: readonly string[]): 'any' | ((origin: string) => boolean) {
  if (allowed.includes('*')) return 'any'
  const patterns = allowed.map((one) => {
    const source = one.toLowerCase().replace(/[.*+?^${}()|[\]\\]/g, (character) => {
      return character === '*' ? '[^/]*' : `\\${character}`
    })
    return new RegExp(one.includes('://') ? `^${source}$` : `^https?://${source}$`)
  })
  return (origin) => patterns.some((pattern) => pattern.test(origin.toLowerCase()))
}

/** Whom it is for decides what is said, so a browser's cache must tell them apart. */
function withVaryOrigin(fields: string[]): string[] {
  const vary = joinedValue(fields, 'vary')
  const named = listMembers(vary)
  if (named.includes('origin') || named.includes('*')) return fields
  return withField(fields, 'Vary', named.length === 0 ? 'Origin' : `${vary}, Origin`)
}

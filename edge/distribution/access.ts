import type { Request } from '../cache/message.ts'
import type { CacheBehavior } from './schema.ts'

/** Whether a viewer may ask this, and if not, what to say instead. */
export type Access =
  | { allowed: true }
  | { allowed: false; status: 301 | 307; location: string }
  | { allowed: false; status: 403 | 413; reason: string }

/** Schemes by which a viewer comes with TLS. */
const SECURE: ReadonlySet<string> = new Set(['https', 'wss'])

const ALLOWED: Access = { allowed: true }

/** Longest target that CloudFront takes, bytes. */
const TARGET_BYTES_MAX = 8_192

/**
 * Weighs a request against its behaviour, as CloudFront does: the length of its URL, the viewer protocol,
 * the method; and a GET with a body, which means nothing (RFC 9110 §9.3.1) and some origin may read.
 *
 * @param httpsPort port of our HTTPS front, for the redirect
 */
export function accessOf(request: Request, behavior: CacheBehavior, httpsPort: number | undefined): Access {
  if (request.target.length > TARGET_BYTES_MAX) {
    return { allowed: false, status: 413, reason: 'The URL of this request is too long.' }
  }
  if (!SECURE.has(request.scheme) && behavior.viewerProtocolPolicy !== 'allow-all') {
    if (behavior.viewerProtocolPolicy === 'https-only') {
      return { allowed: false, status: 403, reason: 'This site is served over HTTPS only.' }
    }
    // CloudFront: 301 for GET and HEAD; 307 keeps the method of the others.
    const status = request.method === 'GET' || request.method === 'HEAD' ? 301 : 307
    return {
      allowed: false,
      status,
      location: `https://${secureHost(request.host, httpsPort)}${request.target}`,
    }
  }
  if (!(behavior.allowedMethods as readonly string[]).includes(request.method)) {
    return { allowed: false, status: 403, reason: `This site does not take ${request.method} requests.` }
  }
  const isBodyOdd = request.body !== undefined && (request.method === 'GET' || request.method === 'HEAD')
  if (isBodyOdd && behavior.cachePolicy !== undefined) {
    return { allowed: false, status: 403, reason: `This site takes no ${request.method} with a body.` }
  }
  return ALLOWED
}

function secureHost(host: string, httpsPort: number | undefined): string {
  const name = host.replace(/:\d+$/, '')
  return httpsPort === undefined || httpsPort === 443 ? name : `${name}:${httpsPort}`
}

import type { RequestHead } from '../cache/message.ts'
import type { CacheBehavior } from './schema.ts'

/** Whether a viewer may ask this, and if not, what to say instead. */
export type Access =
  | { allowed: true }
  | { allowed: false; status: 301 | 307; location: string }
  | { allowed: false; status: 403; reason: string }

/** Schemes by which a viewer comes with TLS. */
const SECURE: ReadonlySet<string> = new Set(['https', 'wss'])

const ALLOWED: Access = { allowed: true }

/**
 * Weighs a request against its behaviour: the viewer protocol, then the method, as CloudFront does.
 *
 * @param httpsPort port of our HTTPS front, for the redirect
 */
export function accessOf(
  request: RequestHead,
  behavior: CacheBehavior,
  httpsPort: number | undefined,
): Access {
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
  return ALLOWED
}

function secureHost(host: string, httpsPort: number | undefined): string {
  const name = host.replace(/:\d+$/, '')
  return httpsPort === undefined || httpsPort === 443 ? name : `${name}:${httpsPort}`
}

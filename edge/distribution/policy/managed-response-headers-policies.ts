import type { z } from 'zod'
import type { responseHeadersPolicySchema } from './response-headers-policy.ts'

const SIMPLE_CORS = { accessControlAllowOrigins: ['*'] }

const PREFLIGHT_CORS: z.input<typeof responseHeadersPolicySchema>['corsConfig'] = {
  accessControlAllowOrigins: ['*'],
  accessControlAllowMethods: ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'],
  accessControlExposeHeaders: ['*'],
}

const SECURITY = {
  contentTypeOptions: { override: true },
  frameOptions: { frameOption: 'SAMEORIGIN' },
  referrerPolicy: { referrerPolicy: 'strict-origin-when-cross-origin' },
  strictTransportSecurity: { accessControlMaxAgeSec: 31_536_000 },
  xssProtection: { protection: true, modeBlock: true },
} as const

/** CloudFront's managed response headers policies, under its names and ids. */
export const MANAGED_RESPONSE_HEADERS_POLICIES: readonly z.input<typeof responseHeadersPolicySchema>[] = [
  { name: 'SimpleCORS', id: '60669652-455b-4ae9-85a4-c4c02393f86c', corsConfig: SIMPLE_CORS },
  {
    name: 'CORS-With-Preflight',
    id: '5cc3b908-e619-4b99-88e5-2cf7f45965bd',
    corsConfig: PREFLIGHT_CORS,
  },
  {
    name: 'SecurityHeadersPolicy',
    id: '67f7725c-6f97-4210-82d7-5512b31e9d03',
    securityHeadersConfig: SECURITY,
  },
  {
    name: 'CORS-and-SecurityHeadersPolicy',
    id: 'e61eb60c-9c35-4d20-a928-2b84e02af89c',
    corsConfig: SIMPLE_CORS,
    securityHeadersConfig: SECURITY,
  },
  {
    name: 'CORS-with-preflight-and-SecurityHeadersPolicy',
    id: 'eaab4381-ed33-4a86-88ca-d9558dc6cd63',
    corsConfig: PREFLIGHT_CORS,
    securityHeadersConfig: SECURITY,
  },
]

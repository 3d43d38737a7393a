import type { z } from 'zod'
import type { originRequestPolicySchema } from './origin-request-policy.ts'

const ALL_COOKIES_AND_QUERIES = {
  cookiesConfig: { cookieBehavior: 'all' },
  queryStringsConfig: { queryStringBehavior: 'all' },
} as const

/** What CloudFront knew of viewers in June 2022; of these we know some, and send those. */
const CLOUDFRONT_HEADERS_2022_06 = [
  'cloudfront-forwarded-proto',
  'cloudfront-is-android-viewer',
  'cloudfront-is-desktop-viewer',
  'cloudfront-is-ios-viewer',
  'cloudfront-is-mobile-viewer',
  'cloudfront-is-smarttv-viewer',
  'cloudfront-is-tablet-viewer',
  'cloudfront-viewer-address',
  'cloudfront-viewer-asn',
  'cloudfront-viewer-city',
  'cloudfront-viewer-country',
  'cloudfront-viewer-country-name',
  'cloudfront-viewer-country-region',
  'cloudfront-viewer-country-region-name',
  'cloudfront-viewer-http-version',
  'cloudfront-viewer-latitude',
  'cloudfront-viewer-longitude',
  'cloudfront-viewer-metro-code',
  'cloudfront-viewer-postal-code',
  'cloudfront-viewer-time-zone',
  'cloudfront-viewer-tls',
]

/** CloudFront's managed origin request policies, under its names and ids. */
export const MANAGED_ORIGIN_REQUEST_POLICIES: readonly z.input<typeof originRequestPolicySchema>[] = [
  {
    name: 'AllViewer',
    id: '216adef6-5c7f-47e4-b989-5492eafa07d3',
    headersConfig: { headerBehavior: 'allViewer' },
    ...ALL_COOKIES_AND_QUERIES,
  },
  {
    name: 'AllViewerExceptHostHeader',
    id: 'b689b0a8-53d0-40ab-baf2-68738e2966ac',
    headersConfig: { headerBehavior: 'allExcept', headers: ['host'] },
    ...ALL_COOKIES_AND_QUERIES,
  },
  {
    name: 'AllViewerAndCloudFrontHeaders-2022-06',
    id: '33f36d7e-f396-46d9-90e0-52428a34d9dc',
    headersConfig: {
      headerBehavior: 'allViewerAndWhitelistCloudFront',
      headers: CLOUDFRONT_HEADERS_2022_06,
    },
    ...ALL_COOKIES_AND_QUERIES,
  },
  {
    name: 'CORS-CustomOrigin',
    id: '59781a5b-3903-41f3-afcb-af62929ccde1',
    headersConfig: { headerBehavior: 'whitelist', headers: ['origin'] },
  },
  {
    name: 'CORS-S3Origin',
    id: '88a5eaf4-2fd4-4709-b370-b4c650ea3fcf',
    headersConfig: {
      headerBehavior: 'whitelist',
      headers: ['origin', 'access-control-request-headers', 'access-control-request-method'],
    },
  },
  {
    name: 'UserAgentRefererHeaders',
    id: 'acba4595-bd28-49b8-b9fe-13317c0390fa',
    headersConfig: { headerBehavior: 'whitelist', headers: ['user-agent', 'referer'] },
  },
]

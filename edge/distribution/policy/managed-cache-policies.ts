import type { z } from 'zod'
import type { cachePolicySchema } from './cache-policy.ts'

const YEAR_SECONDS = 31_536_000
const DAY_SECONDS = 86_400

const BOTH_ENCODINGS = { enableAcceptEncodingGzip: true, enableAcceptEncodingBrotli: true }

/** Headers by which an origin may answer differently, as CloudFront lists them. */
const ORIGIN_DECIDES: z.input<typeof cachePolicySchema>['parametersInCacheKeyAndForwardedToOrigin'] = {
  ...BOTH_ENCODINGS,
  headersConfig: {
    headerBehavior: 'whitelist',
    headers: ['host', 'origin', 'x-http-method-override', 'x-http-method', 'x-method-override'],
  },
  cookiesConfig: { cookieBehavior: 'all' },
}

/** CloudFront's managed cache policies, under its names and ids. */
export const MANAGED_CACHE_POLICIES: readonly z.input<typeof cachePolicySchema>[] = [
  {
    name: 'CachingOptimized',
    id: '658327ea-f89d-4fab-a63d-7e88639e58f6',
    minTTL: 1,
    defaultTTL: DAY_SECONDS,
    maxTTL: YEAR_SECONDS,
    parametersInCacheKeyAndForwardedToOrigin: BOTH_ENCODINGS,
  },
  {
    name: 'CachingOptimizedForUncompressedObjects',
    id: 'b2884449-e4de-46a7-ac36-70bc7f1ddd6d',
    minTTL: 1,
    defaultTTL: DAY_SECONDS,
    maxTTL: YEAR_SECONDS,
  },
  {
    name: 'CachingDisabled',
    id: '4135ea2d-6df8-44a3-9df3-4b5a84be39ad',
    minTTL: 0,
    defaultTTL: 0,
    maxTTL: 0,
  },
  {
    name: 'UseOriginCacheControlHeaders',
    id: '83da9c7e-98b4-4e11-a168-04f0df8e2c65',
    minTTL: 0,
    defaultTTL: 0,
    maxTTL: YEAR_SECONDS,
    parametersInCacheKeyAndForwardedToOrigin: ORIGIN_DECIDES,
  },
  {
    name: 'UseOriginCacheControlHeaders-QueryStrings',
    id: '4cc15a8a-d715-48a4-82b8-cc0b614638fe',
    minTTL: 0,
    defaultTTL: 0,
    maxTTL: YEAR_SECONDS,
    parametersInCacheKeyAndForwardedToOrigin: {
      ...ORIGIN_DECIDES,
      queryStringsConfig: { queryStringBehavior: 'all' },
    },
  },
]

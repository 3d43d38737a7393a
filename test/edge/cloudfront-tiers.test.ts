import fc from 'fast-check'
import { expect, test } from 'vitest'
import { keyOfForwarded } from '../../edge/distribution/cache-key.ts'
import { fieldsByPolicy, mustBeNamed, targetByPolicy } from '../../edge/distribution/forwarded-by-policy.ts'
import { cachePolicySchema } from '../../edge/distribution/policy/cache-policy.ts'
import { originRequestPolicySchema } from '../../edge/distribution/policy/origin-request-policy.ts'
import { selectionOf } from '../../edge/distribution/selection.ts'

const NAMES = ['a', 'b', 'c']
const HEADERS = ['x-a', 'x-b', 'x-real-ip', 'host', 'authorization', 'cloudfront-viewer-country', 'cookie2']

/** Policies of every kind, over a few names. */
const names = fc.subarray(NAMES)
const some = fc.constantFrom('none', 'whitelist', 'allExcept', 'all')
const policies = fc.record({
  cache: fc.record({
    enableAcceptEncodingGzip: fc.boolean(),
    enableAcceptEncodingBrotli: fc.boolean(),
    headersConfig: fc.record({
      headerBehavior: fc.constantFrom('none', 'whitelist'),
      headers: fc.subarray(HEADERS),
    }),
    cookiesConfig: fc.record({ cookieBehavior: some, cookies: names }),
    queryStringsConfig: fc.record({ queryStringBehavior: some, queryStrings: names }),
  }),
  more: fc.record({
    headersConfig: fc.record({
      headerBehavior: fc.constantFrom(
        'none',
        'whitelist',
        'allViewer',
        'allViewerAndWhitelistCloudFront',
        'allExcept',
      ),
      headers: fc.subarray(HEADERS),
    }),
    cookiesConfig: fc.record({ cookieBehavior: some, cookies: names }),
    queryStringsConfig: fc.record({ queryStringBehavior: some, queryStrings: names }),
  }),
})

/** A viewer's request: pairs, and headers with values. */
const pairs = fc.array(fc.tuple(fc.constantFrom(...NAMES, '', 'd'), fc.constantFrom('1', '2', '')), {
  maxLength: 5,
})
const requests = fc.record({
  host: fc.constantFrom('one.example', 'two.example'),
  query: pairs.map((all) => all.map(([name, value]) => `${name}=${value}`).join('&')),
  cookie: pairs.map((all) => all.map(([name, value]) => `${name}=${value}`).join('; ')),
  headers: fc.array(
    fc.tuple(fc.constantFrom(...HEADERS.slice(0, 3), 'authorization', 'x-z'), fc.constantFrom('1', '2', '')),
    {
      maxLength: 5,
    },
  ),
  coding: fc.constantFrom('gzip', 'br, gzip', 'gzip;q=0', ''),
  country: fc.constantFrom('DE', 'FR', ''),
})

type Policies = typeof policies extends fc.Arbitrary<infer One> ? One : never
type Asked = typeof requests extends fc.Arbitrary<infer One> ? One : never

/** The request as an edge sends it on, and the keys that edge and shield make of it. */
function sentOn({ cache, more }: Policies, { host, query, cookie, headers, coding, country }: Asked) {
  const selection = selectionOf(
    cachePolicySchema.parse({ parametersInCacheKeyAndForwardedToOrigin: cache }),
    originRequestPolicySchema.parse(more),
    mustBeNamed,
  )
  const request = { method: 'GET', scheme: 'http', host, target: `/p?${query}` }
  const fields = fieldsByPolicy(
    ['Cookie', cookie, 'Accept-Encoding', coding, ...headers.flat()],
    { address: '192.0.2.1', port: 1, country },
    { ...request, protocolVersion: '1.1', node: 'edge', cdnId: 'us' },
    selection,
    'ignore',
  )
  const target = targetByPolicy(request.target, selection)
  const keyOf = keyOfForwarded('site', { ...request, target, fields }, selection)
  const again = targetByPolicy(target, selection)
  return { selection, fields, target, again, key: keyOf(target), whole: keyOf(request.target) }
}

test('the key is of what goes on: edge and shield can’t differ, whatever the policies', () => {
  fc.assert(
    fc.property(policies, requests, (policy, asked) => {
      const { target, again, key, whole } = sentOn(policy, asked)
      expect(again).toBe(target)
      expect(key).toBe(whole)
    }),
    { numRuns: 3_000 },
  )
})

/** An origin request policy that adds nothing. */
const NOTHING_MORE: Policies['more'] = {
  headersConfig: { headerBehavior: 'none', headers: [] },
  cookiesConfig: { cookieBehavior: 'none', cookies: [] },
  queryStringsConfig: { queryStringBehavior: 'none', queryStrings: [] },
}

/** Fields as lines, whatever their order. */
function lines(fields: readonly string[]): string[] {
  const all = fields.flatMap((name, at) => (at % 2 === 0 ? [`${name.toLowerCase()}: ${fields[at + 1]}`] : []))
  return all.sort()
}

test('without an origin request policy, requests with one key are one request to the origin', () => {
  let alike = 0
  fc.assert(
    fc.property(policies, requests, requests, ({ cache }, one, other) => {
      const [a, b] = [one, other].map((asked) => sentOn({ cache, more: NOTHING_MORE }, asked))
      if (a === undefined || b === undefined || a.key !== b.key) return
      alike += 1
      expect([b.target, lines(b.fields)]).toEqual([a.target, lines(a.fields)])
    }),
    { numRuns: 10_000 },
  )
  expect(alike).toBeGreaterThan(500)
})

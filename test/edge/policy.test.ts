import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { cacheControlOf } from '../../edge/cache/rules/cache-control.ts'
import { httpDateMs, preconditionOf } from '../../edge/cache/rules/conditional.ts'
import { ageSeconds, deadlinesOf, reuseOf } from '../../edge/cache/rules/freshness.ts'
import { rangeOf } from '../../edge/cache/rules/range.ts'
import { TRANSPARENT } from '../../edge/cache/rules/rules.ts'
import { selectionOf, selects } from '../../edge/cache/rules/vary.ts'
import { cacheKey } from '../../edge/distribution/cache-key.ts'
import { frameOf, linesOf } from '../../edge/log/segment.ts'
import { isSignedBy, signedValue } from '../../edge/program/shared-key.ts'

const AT_MS = Date.parse('Tue, 24 Nov 2026 12:00:00 GMT')
const exchange = { requestedAtMs: AT_MS, receivedAtMs: AT_MS }

/** Seconds that a response with these fields stays fresh. */
function lifetimeSeconds(fields: readonly string[], status = 200): number {
  const deadlines = deadlinesOf({ status, fields }, cacheControlOf(fields), exchange, TRANSPARENT)
  return (deadlines.freshUntilMs - AT_MS) / 1000
}

describe('freshness lifetime (RFC 9111 §4.2.1)', () => {
  test.each([
    ['max-age', ['Cache-Control', 'max-age=60'], 60],
    ['s-maxage before max-age', ['Cache-Control', 'max-age=60, s-maxage=90'], 90],
    ['a quoted number', ['Cache-Control', 'max-age="60"'], 60],
    ['the first of two', ['Cache-Control', 'max-age=10', 'Cache-Control', 'max-age=90'], 10],
    ['no number: stale at once', ['Cache-Control', 'max-age=soon'], 0],
    ['a negative number: stale at once', ['Cache-Control', 'max-age=-1'], 0],
    ['any case', ['CACHE-control', 'MAX-AGE=60'], 60],
    ['more than we count to', ['Cache-Control', 'max-age=99999999999'], 2_147_483_648],
    ['no-cache', ['Cache-Control', 'no-cache, max-age=60'], 0],
    ['a directive inside a quoted string is none', ['Cache-Control', 'ext="max-age=5", max-age=60'], 60],
    [
      'Expires less Date',
      ['Date', 'Tue, 24 Nov 2026 12:00:00 GMT', 'Expires', 'Tue, 24 Nov 2026 12:01:00 GMT'],
      60,
    ],
    ['Expires: 0', ['Expires', '0'], 0],
    ['a tenth of the age of Last-Modified', ['Last-Modified', 'Tue, 24 Nov 2026 11:00:00 GMT'], 360],
    ['no guess over a day', ['Last-Modified', 'Sat, 26 Oct 1985 08:15:00 GMT'], 86_400],
    ['the age it came with counts', ['Cache-Control', 'max-age=60', 'Age', '20'], 40],
  ])('%s', (_, fields, seconds) => {
    expect(lifetimeSeconds(fields)).toBe(seconds)
  })

  test.each([
    ['no number', ['Age', 'abc']],
    ['negative', ['Age', '-1']],
    ['twice', ['Age', '0', 'Age', '0']],
  ])('an Age that is %s makes a response stale', (_, age) => {
    expect(lifetimeSeconds(['Cache-Control', 'max-age=3600', ...age])).toBeLessThan(0)
  })

  test('is over at the very millisecond at which age equals lifetime', () => {
    const fields = ['Cache-Control', 'max-age=60']
    const deadlines = deadlinesOf({ status: 200, fields }, cacheControlOf(fields), exchange, TRANSPARENT)

    expect(reuseOf(deadlines, AT_MS + 59_999)).toBe('serve')
    expect(reuseOf(deadlines, AT_MS + 60_000)).toBe('revalidate')
    expect(ageSeconds(deadlines, AT_MS - 5_000)).toBe(0)
  })
})

describe('directives', () => {
  const read = (value: string) => cacheControlOf(['Cache-Control', value])

  test('after a semicolon forbid, and never allow', () => {
    expect(read('max-age=60; private')).toMatchObject({ maxAge: 60, private: true })
    expect(read('x; public; max-age=60; s-maxage=60; no-store')).toMatchObject({
      public: false,
      maxAge: undefined,
      sMaxAge: undefined,
      noStore: true,
    })
  })

  test('behind a quotation mark that nothing closes are not hidden', () => {
    expect(read('x="y, no-store')).toMatchObject({ noStore: true })
  })

  test('that name fields are about these; in any other form about the whole response', () => {
    expect(read('private="Set-Cookie, X-User"')).toMatchObject({
      private: false,
      withheld: ['set-cookie', 'x-user'],
    })
    for (const form of ['private=set-cookie', 'private=""', 'private="a b"', 'private="a,"', 'private=1']) {
      expect(read(form)).toMatchObject({ private: true, withheld: [] })
    }
  })

  test.each([
    ['CDN-Cache-Control', 'max-age="60"'],
    ['CDN-Cache-Control', 'max-age=1.5'],
    ['CDN-Cache-Control', 'max-age=-1'],
    ['CDN-Cache-Control', 'Max-Age=60'],
    ['CDN-Cache-Control', 'private=1'],
    ['CDN-Cache-Control', ''],
    ['Surrogate-Control', 'content="ESI/1.0"'],
  ])('%s: %s counts as not there (RFC 9213 §2.1)', (name, value) => {
    expect(cacheControlOf([name, value, 'Cache-Control', 'max-age=7'])).toMatchObject({
      maxAge: 7,
      targeted: false,
    })
  })

  test('meant for caches like us count alone, Expires included', () => {
    const fields = [
      'CDN-Cache-Control',
      'x',
      'Cache-Control',
      'no-store',
      'Expires',
      'Tue, 24 Nov 2099 12:00:00 GMT',
    ]
    const control = cacheControlOf(fields)

    expect(control).toMatchObject({ noStore: false, maxAge: undefined, targeted: true })
    expect(lifetimeSeconds(fields)).toBe(0)
  })

  test('of Surrogate-Control: those for us before those for all, and how long they may stand in', () => {
    const fields = ['Surrogate-Control', 'max-age=10, max-age=20+30;selvedge, max-age=40;other']

    expect(cacheControlOf(fields)).toMatchObject({ maxAge: 20, staleIfError: 30, targeted: true })
  })
})

describe('Age as it came (RFC 9111 §5.1)', () => {
  test.each([
    ['of a list the first member counts', ['Age', '10, 50'], 50],
    ['more than we count to', ['Age', '99999999999999'], -2_147_483_588],
  ])('%s', (_, age, seconds) => {
    expect(lifetimeSeconds(['Cache-Control', 'max-age=60', ...age])).toBe(seconds)
  })
})

describe('preconditions (RFC 9110 §13.2.2)', () => {
  const response = ['ETag', '"v1"', 'Last-Modified', 'Tue, 24 Nov 2026 11:00:00 GMT']

  test.each([
    ['If-None-Match that matches weakly', ['If-None-Match', '"v0", W/"v1"'], 'not-modified'],
    ['If-None-Match: *', ['If-None-Match', '*'], 'not-modified'],
    [
      'If-None-Match overrules If-Modified-Since',
      ['If-None-Match', '"v2"', 'If-Modified-Since', 'Tue, 24 Nov 2026 11:30:00 GMT'],
      'answer',
    ],
    [
      'If-Modified-Since, not modified',
      ['If-Modified-Since', 'Tue, 24 Nov 2026 11:00:00 GMT'],
      'not-modified',
    ],
    ['If-Modified-Since that is no date', ['If-Modified-Since', 'yesterday'], 'answer'],
    ['If-Match that matches', ['If-Match', '"v1"'], 'answer'],
    ['If-Match compares strongly', ['If-Match', 'W/"v1"'], 'failed'],
    ['If-Unmodified-Since, modified', ['If-Unmodified-Since', 'Tue, 24 Nov 2026 10:00:00 GMT'], 'failed'],
  ])('%s', (_, request, expected) => {
    expect(preconditionOf(request, response, 'received')).toBe(expected)
  })

  test('the three forms of an HTTP date are the same moment', () => {
    const ms = Date.parse('1994-11-06T08:49:37Z')

    expect(httpDateMs('Sun, 06 Nov 1994 08:49:37 GMT')).toBe(ms)
    expect(httpDateMs('Sunday, 06-Nov-94 08:49:37 GMT')).toBe(ms)
    expect(httpDateMs('Sun Nov  6 08:49:37 1994')).toBe(ms)
    expect(httpDateMs('1')).toBeUndefined()
  })

  test('what is empty is no date, though it is the very first', async () => {
    vi.resetModules()
    const fresh = await import('../../edge/cache/rules/conditional.ts')

    expect(fresh.httpDateMs('')).toBeUndefined()
  })

  test('a year of two digits is the nearest that is no more than 50 years ahead (RFC 9110 §5.6.7)', () => {
    const year = (text: string) => new Date(httpDateMs(text) ?? Number.NaN).getUTCFullYear()

    expect(year('Thursday, 18-Aug-50 02:01:18 GMT')).toBe(2050)
    expect(year('Wednesday, 18-Aug-99 02:01:18 GMT')).toBe(1999)
  })
})

describe('properties', () => {
  test('a satisfiable range lies within the representation, whatever was asked', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.nat(),
        fc.nat(),
        fc.integer({ min: 0, max: 10_000 }),
        (text, from, to, length) => {
          for (const value of [
            text,
            `bytes=${from}-${to}`,
            `bytes=${from}-`,
            `bytes=-${to}`,
            `bytes=${text}`,
          ]) {
            const range = rangeOf(value, length)
            if (range === undefined || range === 'unsatisfiable') continue
            expect(0 <= range.first && range.first <= range.last && range.last < length).toBe(true)
          }
        },
      ),
    )
  })

  test('parsing Cache-Control never throws, and lifetimes are never negative', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (value) => {
        const { maxAge, sMaxAge } = cacheControlOf(['Cache-Control', value])
        expect((maxAge ?? 0) >= 0 && (sMaxAge ?? 0) >= 0).toBe(true)
      }),
    )
  })

  test('a request selects what it stored itself', () => {
    const fields = fc.array(fc.tuple(fc.constantFrom('Accept', 'Cookie', 'X-A'), fc.string()), {
      maxLength: 6,
    })
    fc.assert(
      fc.property(fields, fc.constantFrom('accept, X-a', 'Cookie', 'x-missing, cookie'), (pairs, vary) => {
        const request = pairs.flat()
        expect(selects(request, selectionOf(request, ['Vary', vary]))).toBe(true)
      }),
    )
  })

  test('different requests never have the same cache key', () => {
    const parts = fc.record({
      distribution: fc.string({ maxLength: 8 }),
      scheme: fc.string({ maxLength: 8 }),
      host: fc.string({ maxLength: 8 }),
      target: fc.string({ maxLength: 8 }),
    })
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        expect(cacheKey(one) === cacheKey(other)).toBe(JSON.stringify(one) === JSON.stringify(other))
      }),
    )
  })

  test('a segment cut at any byte gives its whole frames and nothing else', () => {
    const lines = ['first\n', 'second record\n', 'third\n']
    const frames = lines.map(frameOf)
    const segment = Buffer.concat(frames)

    for (let cut = 0; cut <= segment.length; cut += 1) {
      const whole = lines.filter(
        (_, at) => frames.slice(0, at + 1).reduce((sum, f) => sum + f.length, 0) <= cut,
      )
      const read = linesOf(segment.subarray(0, cut))
      expect(read.lines.toString()).toBe(whole.join(''))
    }
  })

  test('a signature holds for what was signed, not for another path, purpose, key or time', () => {
    const value = signedValue('key'.repeat(12), 'shield', ['GET', '/a'], AT_MS)

    expect(isSignedBy('key'.repeat(12), 'shield', ['GET', '/a'], value, AT_MS + 100_000)).toBe(true)
    expect(isSignedBy('key'.repeat(12), 'shield', ['GET', '/b'], value, AT_MS)).toBe(false)
    expect(isSignedBy('key'.repeat(12), 'shield', ['GET/', 'a'], value, AT_MS)).toBe(false)
    expect(isSignedBy('key'.repeat(12), 'collector', ['GET', '/a'], value, AT_MS)).toBe(false)
    expect(isSignedBy('yek'.repeat(12), 'shield', ['GET', '/a'], value, AT_MS)).toBe(false)
    expect(isSignedBy('key'.repeat(12), 'shield', ['GET', '/a'], value, AT_MS + 301_000)).toBe(false)
    expect(isSignedBy('key'.repeat(12), 'shield', ['GET', '/a'], undefined, AT_MS)).toBe(false)
  })
})

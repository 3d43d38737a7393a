import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cacheControlOf } from '../../edge/cache/rules/cache-control.ts'
import { httpDateMs, ifRangeHolds, preconditionOf } from '../../edge/cache/rules/conditional.ts'
import { DELTA_SECONDS_MAX, directivesOf } from '../../edge/cache/rules/directives.ts'
import { ageSeconds, deadlinesOf, reuseOf } from '../../edge/cache/rules/freshness.ts'
import { contentRange, rangeOf } from '../../edge/cache/rules/range.ts'
import { reuseFor, wishesOf } from '../../edge/cache/rules/request-directives.ts'
import { TRANSPARENT } from '../../edge/cache/rules/rules.ts'
import { mayStore } from '../../edge/cache/rules/storing.ts'
import { sameSelection, selectionOf, selects } from '../../edge/cache/rules/vary.ts'

/** Cases of each property. All of them together are counted in test/README.md. */
const CASES = { numRuns: 5_000 }

const AT_MS = Date.parse('Tue, 24 Nov 2026 12:00:00 GMT')

const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}$/)
const seconds = fc.oneof(fc.nat({ max: DELTA_SECONDS_MAX }), fc.constantFrom(0, 1, 60, DELTA_SECONDS_MAX))
const space = fc.constantFrom('', ' ', '  ', '\t')

/** What a field may hold, from well-formed to anything at all. */
const garbage = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc.string({ unit: fc.constantFrom(...'"\\,;= \tamx-ge0123s*'), maxLength: 60 }),
)

/** Directives that a shared cache knows, each with the argument it takes. */
const directive = fc.oneof(
  fc.record({
    name: fc.constantFrom('max-age', 's-maxage', 'stale-while-revalidate', 'stale-if-error'),
    argument: seconds.map(String),
  }),
  fc.record({
    name: fc.constantFrom(
      'no-store',
      'no-cache',
      'private',
      'public',
      'must-revalidate',
      'proxy-revalidate',
      'must-understand',
    ),
    argument: fc.constant(undefined),
  }),
  fc.record({ name: token.map((name) => `x-${name}`), argument: fc.option(token, { nil: undefined }) }),
)

const directives = fc.uniqueArray(directive, { selector: ({ name }) => name.toLowerCase(), maxLength: 8 })

type Directive = { name: string; argument: string | undefined }

/** One of the many ways to write directives down. */
const written = (
  list: readonly Directive[],
  { gap, upper, quoted }: { gap: string; upper: boolean; quoted: boolean },
) =>
  list
    .map(({ name, argument }) => {
      const spelt = upper ? name.toUpperCase() : name
      if (argument === undefined) return `${gap}${spelt}${gap}`
      return `${gap}${spelt}=${quoted ? `"${argument}"` : argument}${gap}`
    })
    .join(',')

const manner = fc.record({ gap: space, upper: fc.boolean(), quoted: fc.boolean() })

describe('Cache-Control', () => {
  test('whatever it holds, reading it never throws, and no number leaves its bounds', () => {
    fc.assert(
      fc.property(
        garbage,
        fc.constantFrom('Cache-Control', 'CDN-Cache-Control', 'Surrogate-Control'),
        (value, name) => {
          const { maxAge, sMaxAge, staleIfError, staleWhileRevalidate } = cacheControlOf([name, value])
          for (const number of [maxAge, sMaxAge, staleIfError, staleWhileRevalidate]) {
            expect(
              number === undefined ||
                (Number.isInteger(number) && number >= 0 && number <= DELTA_SECONDS_MAX),
            ).toBe(true)
          }
        },
      ),
      CASES,
    )
  })

  test('what was written is what is read', () => {
    fc.assert(
      fc.property(directives, manner, (list, how) => {
        const read = directivesOf(written(list, how))
        expect([...read].map(([name, { value }]) => [name, value])).toEqual(
          list.map(({ name, argument }) => [name.toLowerCase(), argument ?? '']),
        )
      }),
      CASES,
    )
  })

  test('order, case, white space, quotation marks and a second field line change nothing (RFC 9111 §5.2)', () => {
    fc.assert(
      fc.property(directives, fc.nat({ max: 8 }), manner, (list, at, how) => {
        const plain = cacheControlOf([
          'Cache-Control',
          written(list, { gap: '', upper: false, quoted: false }),
        ])
        const turned = [...list.slice(at), ...list.slice(0, at)]
        const fields = [
          ['CACHE-CONTROL', written(turned.slice(0, 2), how)],
          ['cache-control', written(turned.slice(2), how)],
        ]
        expect(cacheControlOf(fields.flat())).toEqual(plain)
      }),
      CASES,
    )
  })

  test('no garbage before or after hides no-store or private', () => {
    fc.assert(
      fc.property(garbage, garbage, fc.constantFrom('no-store', 'private'), (before, after, forbidding) => {
        // Inside a quoted string it would be somebody's argument.
        fc.pre(!before.includes('"') && !after.includes('"'))
        const fields = [
          'Cache-Control',
          `${before},${forbidding},${after}`,
          'ETag',
          '"v"',
          'Expires',
          'Tue, 24 Nov 2099 12:00:00 GMT',
        ]
        const control = cacheControlOf(fields)
        fc.pre(!control.mustUnderstand)
        const response = { status: 200, fields }
        expect(mayStore({ method: 'GET', fields: [] }, response, control, TRANSPARENT).store).toBe(false)
      }),
      CASES,
    )
  })

  test('adding a directive that forbids never makes a response last longer', () => {
    const forbidding = fc.constantFrom(
      'no-store',
      'no-cache',
      'private',
      'must-revalidate',
      'proxy-revalidate',
    )
    fc.assert(
      fc.property(directives, forbidding, (list, added) => {
        const value = written(list, { gap: '', upper: false, quoted: false })
        const without = deadlines(['Cache-Control', value])
        const withIt = deadlines(['Cache-Control', `${added}, ${value}`])
        for (const name of Object.keys(without) as (keyof typeof without)[]) {
          expect(withIt[name]).toBeLessThanOrEqual(without[name])
        }
      }),
      CASES,
    )
  })
})

function deadlines(fields: readonly string[]) {
  const exchange = { requestedAtMs: AT_MS, receivedAtMs: AT_MS }
  return deadlinesOf({ status: 200, fields }, cacheControlOf(fields), exchange, TRANSPARENT)
}

describe('ages and dates', () => {
  const date = fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true })
  const dateText = fc.oneof(
    garbage,
    date.map((one) => one.toUTCString()),
  )

  test('a date that was written is the date that is read, to the second', () => {
    fc.assert(
      fc.property(date, (one) => {
        expect(httpDateMs(one.toUTCString())).toBe(Math.floor(one.getTime() / 1000) * 1000)
      }),
      CASES,
    )
  })

  test('a response is never younger than nothing, and fresh before it is stale, whatever its fields hold', () => {
    const age = fc.oneof(garbage, seconds.map(String))
    fc.assert(
      fc.property(
        age,
        dateText,
        dateText,
        dateText,
        garbage,
        fc.nat(),
        (age, date, expires, modified, control, later) => {
          const fields = [
            'Age',
            age,
            'Date',
            date,
            'Expires',
            expires,
            'Last-Modified',
            modified,
            'Cache-Control',
            control,
          ]
          const times = deadlines(fields)
          expect(times.bornAtMs).toBeLessThanOrEqual(AT_MS)
          expect(Object.values(times).every(Number.isFinite)).toBe(true)
          expect(times.freshUntilMs).toBeLessThanOrEqual(times.staleUntilMs)
          expect(times.freshUntilMs).toBeLessThanOrEqual(times.staleIfErrorUntilMs)
          expect(times.freshUntilMs).toBeLessThanOrEqual(times.staleIfDisconnectedUntilMs)
          expect(ageSeconds(times, AT_MS + later)).toBeGreaterThanOrEqual(Math.floor(later / 1000))
        },
      ),
      CASES,
    )
  })

  test('an older Age never makes a response fresher', () => {
    fc.assert(
      fc.property(seconds, seconds, seconds, (lifetime, one, other) => {
        const freshUntil = (age: number) =>
          deadlines(['Cache-Control', `max-age=${lifetime}`, 'Age', `${age}`]).freshUntilMs
        expect(freshUntil(Math.max(one, other))).toBeLessThanOrEqual(freshUntil(Math.min(one, other)))
      }),
      CASES,
    )
  })

  test('what a request wishes never makes a response usable where it must be asked about', () => {
    fc.assert(
      fc.property(directives, garbage, fc.nat({ max: 1e12 }), (list, wishes, later) => {
        const times = deadlines([
          'Cache-Control',
          `must-revalidate, ${written(list, { gap: '', upper: false, quoted: false })}`,
        ])
        const wished = wishesOf(['Cache-Control', wishes])
        if (wished === undefined || reuseOf(times, AT_MS + later) !== 'revalidate') return
        expect(reuseFor(times, wished, AT_MS + later)).toBe('revalidate')
      }),
      CASES,
    )
  })
})

describe('Vary', () => {
  const name = fc.constantFrom('Accept', 'Accept-Language', 'Accept-Encoding', 'Cookie', 'X-A')
  const fields = fc.array(fc.tuple(name, garbage), { maxLength: 6 }).map((pairs) => pairs.flat())
  const vary = fc.oneof(
    garbage,
    fc.array(name, { maxLength: 4 }).map((names) => names.join(', ')),
  )

  test('a request selects what it stored itself, whatever its fields hold', () => {
    fc.assert(
      fc.property(fields, vary, (request, value) => {
        expect(selects(request, selectionOf(request, ['Vary', value]))).toBe(true)
      }),
      CASES,
    )
  })

  test('two requests select each other’s responses, or neither does', () => {
    fc.assert(
      fc.property(fields, fields, vary, (one, other, value) => {
        const response = ['Vary', value]
        const [ofOne, ofOther] = [selectionOf(one, response), selectionOf(other, response)]
        expect(selects(one, ofOther)).toBe(selects(other, ofOne))
        expect(selects(one, ofOther)).toBe(sameSelection(ofOne, ofOther))
      }),
      CASES,
    )
  })

  test('order and case of names in Vary, and weighted languages in another order, change nothing', () => {
    const language = fc.stringMatching(/^[a-z]{2}(-[A-Z]{2})?$/)
    const weight = fc.constantFrom('', ';q=1', ';q=1.0', ' ; q=0.5', ';q=0.50')
    const languages = fc.array(
      fc.tuple(language, weight).map((parts) => parts.join('')),
      { maxLength: 5 },
    )
    fc.assert(
      fc.property(languages, fc.nat({ max: 5 }), (list, at) => {
        const turned = [...list.slice(at), ...list.slice(0, at)].join(' ,').toUpperCase()
        const stored = selectionOf(['Accept-Language', list.join(',')], ['Vary', 'Cookie, Accept-Language'])
        expect(selects(['accept-language', turned], stored)).toBe(true)
        expect(
          sameSelection(stored, selectionOf(['Accept-Language', turned], ['vary', 'ACCEPT-LANGUAGE,cookie'])),
        ).toBe(true)
      }),
      CASES,
    )
  })
})

describe('Range', () => {
  const length = fc.nat({ max: 100_000 })

  test('a satisfiable range lies within the representation, whatever was asked', () => {
    const asked = fc.oneof(
      garbage,
      garbage.map((text) => `bytes=${text}`),
      fc.tuple(fc.nat(), fc.nat()).map(([from, to]) => `bytes=${from}-${to}`),
      fc.nat().map((from) => `bytes=${from}-`),
      fc.nat().map((last) => `bytes=-${last}`),
    )
    fc.assert(
      fc.property(asked, length, (value, bytes) => {
        const range = rangeOf(value, bytes)
        if (range === undefined || range === 'unsatisfiable') return
        expect(0 <= range.first && range.first <= range.last && range.last < bytes).toBe(true)
      }),
      CASES,
    )
  })

  test('what Content-Range says is what was asked for, as far as it exists (RFC 9110 §14.1.2)', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 200_000 }),
        fc.nat({ max: 200_000 }),
        fc.integer({ min: 1, max: 100_000 }),
        (from, more, bytes) => {
          const range = rangeOf(`bytes=${from}-${from + more}`, bytes)
          if (from >= bytes) expect(range).toBe('unsatisfiable')
          else if (range === undefined || range === 'unsatisfiable')
            throw new Error('a range that exists was refused')
          else
            expect(contentRange(range, bytes)).toBe(
              `bytes ${from}-${Math.min(from + more, bytes - 1)}/${bytes}`,
            )
        },
      ),
      CASES,
    )
  })
})

describe('entity tags', () => {
  const opaque = fc.string({ unit: fc.constantFrom(...'abc!#,;*/W\x80\xff'), maxLength: 8 })
  const tag = fc.tuple(fc.constantFrom('', 'W/'), opaque).map(([weak, text]) => `${weak}"${text}"`)

  test('whatever preconditions hold, weighing them never throws', () => {
    const names = ['If-Match', 'If-None-Match', 'If-Modified-Since', 'If-Unmodified-Since', 'If-Range']
    fc.assert(
      fc.property(fc.constantFrom(...names), garbage, fc.oneof(garbage, tag), (name, value, etag) => {
        const response = ['ETag', etag, 'Last-Modified', value, 'Date', value]
        expect(['answer', 'not-modified', 'failed']).toContain(
          preconditionOf([name, value], response, 'stored'),
        )
        expect(typeof ifRangeHolds([name, value], response)).toBe('boolean')
      }),
      CASES,
    )
  })

  test('a tag matches the list it stands in: weakly always, strongly unless it is weak (RFC 9110 §8.8.3.2)', () => {
    fc.assert(
      fc.property(
        fc.array(tag, { maxLength: 4 }),
        tag,
        fc.array(tag, { maxLength: 4 }),
        (before, etag, after) => {
          const list = [...before, etag, ...after].join(' , ')
          const isStrong = !etag.startsWith('W/')
          expect(preconditionOf(['If-None-Match', list], ['ETag', etag], 'received')).toBe('not-modified')
          expect(preconditionOf(['If-Match', list], ['ETag', etag], 'received')).toBe(
            isStrong ? 'answer' : 'failed',
          )
          expect(ifRangeHolds(['If-Range', etag], ['ETag', etag])).toBe(isStrong)
        },
      ),
      CASES,
    )
  })

  test('a tag matches no list of other tags', () => {
    fc.assert(
      fc.property(fc.array(tag, { minLength: 1, maxLength: 5 }), tag, (list, etag) => {
        const bare = (one: string) => one.replace(/^W\//, '')
        fc.pre(!list.map(bare).includes(bare(etag)))
        expect(preconditionOf(['If-None-Match', list.join(',')], ['ETag', etag], 'received')).toBe('answer')
        expect(preconditionOf(['If-Match', list.join(',')], ['ETag', etag], 'received')).toBe('failed')
      }),
      CASES,
    )
  })
})

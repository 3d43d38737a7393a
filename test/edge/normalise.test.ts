import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { keyOfForwarded } from '../../edge/distribution/cache-key.ts'
import { mustBeNamed } from '../../edge/distribution/forwarded-by-policy.ts'
import { normalisedTarget } from '../../edge/distribution/normalise.ts'
import { takenQuery } from '../../edge/distribution/parameters.ts'
import { cachePolicySchema } from '../../edge/distribution/policy/cache-policy.ts'
import { selectionOf } from '../../edge/distribution/selection.ts'
import { objectPathOf } from '../../origin-shield/origin/object-path.ts'

/** Cases of each property. */
const RUNS = { numRuns: 5_000 }

describe('a target has one spelling', () => {
  test.each([
    ['unreserved characters need no escape', '/%7Euser/%61b', '/~user/ab'],
    ['escapes are upper case', '/%c3%a9?q=%c3%a9', '/%C3%A9?q=%C3%A9'],
    ['dot segments are gone', '/a/./b/../c', '/a/c'],
    ['encoded ones too', '/static/%2e%2e/account', '/account'],
    ['half encoded ones too', '/static/.%2E/%2e/account', '/account'],
    ['nobody gets above the root', '/../../etc/passwd', '/etc/passwd'],
    ['a path that ends in dots is a folder', '/a/b/..', '/a/'],
    ['an encoded slash is no slash', '/a%2fb', '/a%2Fb'],
    ['two slashes are two', '//a//b', '//a//b'],
    ['parameters stay', '/a;v=1/b', '/a;v=1/b'],
    ['case stays', '/A/b', '/A/b'],
    ['what is escaped twice is unescaped never', '/%252e%252E/x', '/%252e%252E/x'],
    ['names repeat', '/?b=1&a=2&b=3', '/?b=1&a=2&b=3'],
    ['dots in a query mean nothing', '/x?p=/../y', '/x?p=/../y'],
    ['a % that begins no escape stands for itself', '/x?off=50%&b=%zz', '/x?off=50%25&b=%25zz'],
    ['dots in names are names', '/..a/...', '/..a/...'],
  ])('%s: %s', (_, target, spelling) => {
    expect(normalisedTarget(target)).toBe(spelling)
  })

  test.each([
    ['NUL', '/account%00.css'],
    ['NUL in the query', '/a?b=%00'],
    ['a line feed', '/account%0a.css'],
    ['DEL', '/a%7f'],
    ['a bad escape', '/a%zz'],
    ['half an escape', '/a%4'],
    ['dots before an encoded slash', '/static/..%2faccount'],
    ['dots behind one', '/static%2f../account'],
    ['encoded dots and slash', '/static/%2e%2e%2Faccount'],
    ['dots and a backslash', '/static/..\\account'],
    ['dots and an encoded backslash', '/static%5c..%5caccount'],
    ['dots in overlong UTF-8', '/static/%c0%ae%c0%ae/account'],
    ['dots with a parameter', '/static/..;/account'],
    ['dots with an encoded parameter', '/static/..%3b/account'],
  ])('%s is refused: %s', (_, target) => {
    expect(normalisedTarget(target)).toBeUndefined()
  })

  /** Targets made of what attacks are made of. */
  const hostile = fc
    .array(
      fc.oneof(
        fc.constantFrom(
          '/',
          '.',
          '..',
          '%2e',
          '%2F',
          '%5c',
          '\\',
          ';',
          '%3B',
          '%00',
          '%',
          '%25',
          '?',
          '&',
          'a=1',
          '//',
          '%41',
        ),
        fc.string({ maxLength: 3, unit: fc.constantFrom(...'abAB09-._~%!$&*+,:=@[]|') }),
      ),
      { maxLength: 12 },
    )
    .map((parts) => `/${parts.join('')}`)

  test('normalising never throws, and doing it twice changes nothing', () => {
    fc.assert(
      fc.property(hostile, (target) => {
        const once = normalisedTarget(target)
        if (once !== undefined) expect(normalisedTarget(once)).toBe(once)
      }),
      RUNS,
    )
  })

  test('no dot segment is left, however an origin decodes it', () => {
    fc.assert(
      fc.property(hostile, (target) => {
        const path = normalisedTarget(target)?.split('?', 1)[0]
        if (path === undefined) return
        const decoded = path.replace(/%([0-9A-F]{2})/g, (_, digits) =>
          String.fromCharCode(Number.parseInt(digits, 16)),
        )
        for (const name of decoded.split(/[/\\]/))
          expect(['.', '..']).not.toContain(name.split(';', 1)[0] || name)
      }),
      RUNS,
    )
  })

  test('a folder or bucket finds the object that the spelling names, or none', () => {
    fc.assert(
      fc.property(hostile, (target) => {
        const once = normalisedTarget(target)
        const before = objectPathOf(target)
        if (once !== undefined && before !== undefined) expect(objectPathOf(once)).toEqual(before)
      }),
      RUNS,
    )
  })

  test('two targets share a key exactly when they have the same spelling', () => {
    const request = { method: 'GET', scheme: 'http', host: 'h', target: '', fields: [] }
    const keyOf = keyOfForwarded('site', request, undefined)
    fc.assert(
      fc.property(hostile, hostile, (one, other) => {
        const [a, b] = [normalisedTarget(one), normalisedTarget(other)]
        if (a !== undefined && b !== undefined) expect(keyOf(a) === keyOf(b)).toBe(a === b)
      }),
      RUNS,
    )
  })
})

describe('a key under a cache policy', () => {
  const policy = cachePolicySchema.parse({
    parametersInCacheKeyAndForwardedToOrigin: {
      headersConfig: { headerBehavior: 'whitelist', headers: ['X-One', 'X-Two'] },
      cookiesConfig: { cookieBehavior: 'whitelist', cookies: ['a', 'b'] },
      queryStringsConfig: { queryStringBehavior: 'whitelist', queryStrings: ['q', 'r[]'] },
    },
  })
  const selection = selectionOf(policy, undefined, mustBeNamed)
  const keyOf = (target: string, fields: string[] = []) =>
    keyOfForwarded(
      'site',
      { method: 'GET', scheme: 'http', host: 'h', target: '', fields },
      selection,
    )(target)

  test('holds what is listed, in one order, and nothing else', () => {
    expect(keyOf('/p?z=1&q=2')).toBe(keyOf('/p?q=2'))
    expect(keyOf('/p?r[]=1&q=2')).toBe(keyOf('/p?q=2&r[]=1'))
    expect(keyOf('/p?r%5B%5D=1')).not.toBe(keyOf('/p'))
    expect(keyOf('/p?q=1&q=2')).not.toBe(keyOf('/p?q=2&q=1'))
    expect(keyOf('/p', ['Cookie', 'b=2; c=3; a=1'])).toBe(keyOf('/p', ['cookie', 'a=1', 'cookie', 'b=2']))
    expect(keyOf('/p', ['X-Three', '3'])).toBe(keyOf('/p'))
    expect(keyOf('/p', ['X-One', ''])).not.toBe(keyOf('/p'))
    expect(keyOf('/p', ['x-one', 'v'])).toBe(keyOf('/p', ['X-ONE', ' v ']))
  })

  test('no value can be taken for part of another', () => {
    const value = fc
      .string({ maxLength: 6, unit: fc.constantFrom(...'a:1=;/?&0') })
      .map((text) => text.trim())
    const parts = fc.record({ one: value, two: value, path: value })
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        const of = ({ one, two, path }: typeof a) =>
          keyOf(`/${path.split('?')[0]}`, ['X-One', one, 'X-Two', two])
        const same = a.one === b.one && a.two === b.two && a.path.split('?')[0] === b.path.split('?')[0]
        expect(of(a) === of(b)).toBe(same)
      }),
      RUNS,
    )
  })

  test('taking parameters twice changes nothing, and never lets in what is not taken', () => {
    const query = fc.string({ maxLength: 30, unit: fc.constantFrom(...'abq=&%41+') })
    const taken = (name: string) => name === 'q'
    fc.assert(
      fc.property(query, (text) => {
        const once = takenQuery(text, taken)
        expect(takenQuery(once, taken)).toBe(once)
        for (const pair of once === '' ? [] : once.split('&')) expect(pair).toMatch(/^(q|%71)(=|$)/i)
      }),
      RUNS,
    )
  })
})

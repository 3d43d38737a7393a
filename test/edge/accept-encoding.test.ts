import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  acceptanceOf,
  CODINGS,
  type Coding,
  canonicalAcceptEncoding,
  codingFor,
} from '../../edge/cache/encoding/accept-encoding.ts'
import { isEncodable } from '../../edge/cache/encoding/encoded-fields.ts'
import { isCompressibleType } from '../../edge/cache/encoding/media-types.ts'
import { BROWSER, get, prose, siteWith } from './encoded-site.ts'
import { houseInFrontOf } from './house.ts'

describe('Accept-Encoding towards the origin', () => {
  test('has few forms, so that an origin that varies by it is asked a few times', async () => {
    await using origin = await siteWith(prose(500), { vary: 'Accept-Encoding' })
    await using house = await houseInFrontOf(origin.url)

    const browsers = [
      BROWSER,
      'zstd,br , gzip',
      'br;q=0.9, gzip;q=0.5, zstd;q=0.1',
      'gzip, deflate',
      'x-gzip;q=0.3',
      '*',
    ]
    for (const asked of browsers) await get(house, '/', { 'accept-encoding': asked })

    expect(origin.headers.map((headers) => headers['accept-encoding'])).toEqual(['br, zstd, gzip', 'gzip'])
  })

  test.each([
    [undefined, undefined],
    ['', 'identity'],
    ['identity', 'identity'],
    ['deflate, compress', 'identity'],
    ['gzip;q=0, br', 'br'],
    ['*;q=0, gzip', 'gzip, identity;q=0'],
    ['br, identity;q=0', 'br, identity;q=0'],
    ['*, br;q=0', 'zstd, gzip'],
  ])('%j goes on as %j', (sent, expected) => {
    expect(canonicalAcceptEncoding(sent)).toBe(expected)
  })
})

describe('weights (RFC 9110 §12.4.2, §12.5.3)', () => {
  test.each([
    ['br is preferred among equals', 'zstd, gzip, br', 'br'],
    ['then zstd', 'gzip, zstd', 'zstd'],
    ['a higher weight wins', 'br;q=0.5, gzip', 'gzip'],
    ['q=0 excludes', 'br;q=0, gzip;q=0.001', 'gzip'],
    ['`*` is all that is not named', 'br;q=0, *', 'zstd'],
    ['identity may be wanted more', 'gzip;q=0.5, identity', undefined],
    ['identity at equal weight is not', 'gzip;q=0.5, identity;q=0.5', 'gzip'],
    ['white space and case mean nothing', ' GZIP ; Q=1.000 ,', 'gzip'],
    ['the first of two counts', 'gzip;q=0, gzip', undefined],
    ['a weight that can’t be read is no weight', 'gzip;q=2, br;q=x, zstd;q=0.1234', undefined],
    ['nothing asked, nothing encoded', '', undefined],
  ])('%s', (_, sent, expected) => {
    expect(codingFor(acceptanceOf(sent), CODINGS)).toBe(expected)
  })

  const form = fc.constantFrom('br', 'zstd', 'gzip', 'identity', '*', 'deflate', 'x-gzip')
  const weight = fc.constantFrom(
    '',
    ';q=0',
    ';q=0.0',
    ';q=0.001',
    '; q=0.5',
    ' ;q=0.999',
    ';q=1',
    ';q=1.0',
    ';q=9',
  )
  const field = fc
    .array(
      fc.tuple(form, weight).map((parts) => parts.join('')),
      { maxLength: 6 },
    )
    .map((members) => members.join(', '))
  const usable = fc.subarray([...CODINGS])

  test('the choice is that of a naive reading', () => {
    fc.assert(
      fc.property(field, usable, (value, allowed) => {
        expect(codingFor(acceptanceOf(value), allowed)).toBe(naiveChoice(value, allowed))
      }),
      { numRuns: 5_000 },
    )
  })

  test('whatever is sent, no excluded coding is chosen or asked for, and there are 16 canonical forms at most', () => {
    const forms = new Set<string | undefined>()
    fc.assert(
      fc.property(fc.oneof(field, fc.string()), (value) => {
        const canonical = canonicalAcceptEncoding(value)
        forms.add(canonical)
        for (const coding of CODINGS) {
          expect((canonical ?? '').split(', ').includes(coding)).toBe(naiveWeight(value, coding) > 0)
        }
        expect(canonicalAcceptEncoding(canonical)).toBe(canonical)
      }),
      { numRuns: 5_000 },
    )
    expect(forms.size).toBeLessThanOrEqual(16)
  })
})

describe('what is worth encoding', () => {
  test.each([
    ['text/html; charset=utf-8', true],
    ['TEXT/Markdown', true],
    ['application/json', true],
    ['application/vnd.api+json;v=1', true],
    ['application/atom+xml', true],
    ['image/svg+xml', true],
    ['application/wasm', true],
    ['font/ttf', true],
    ['font/woff2', false],
    ['image/jpeg', false],
    ['video/mp4', false],
    ['application/zip', false],
    ['application/octet-stream', false],
    ['text/event-stream', false],
    ['', false],
    [undefined, false],
  ])('%s: %s', (type, expected) => {
    expect(isCompressibleType(type)).toBe(expected)
  })

  test('is between 1,000 and 10,000,000 bytes', () => {
    const head = { status: 200, fields: ['Content-Type', 'text/css'] }
    const worth = [999, 1_000, 10_000_000, 10_000_001, undefined].map((bytes) => isEncodable(head, bytes))

    expect(worth).toEqual([false, true, true, false, false])
  })

  test.each([
    ['no-transform', false],
    ['public,no-transform , max-age=1', false],
    ['NO-TRANSFORM', false],
    ['max-age=1', true],
    ['x-no-transform', true],
  ])('Cache-Control: %s: %s', (control, expected) => {
    const fields = ['Content-Type', 'text/css', 'Cache-Control', control]

    expect(isEncodable({ status: 200, fields }, 5_000)).toBe(expected)
  })
})

/** Weight of a form, member by member, as the RFC reads aloud. */
function naiveWeight(value: string, wanted: Coding | 'identity'): number {
  const members = value
    .toLowerCase()
    .split(',')
    .map((member) => member.split(';').map((part) => part.trim()))
    .filter(([, q = 'q=1', more]) => /^q=(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(q) && more === undefined)
    .map(([name = '', q = 'q=1']) => ({
      name: name === 'x-gzip' ? 'gzip' : name,
      weight: Number(q.slice(2)),
    }))
  const named = members.find(({ name }) => name === wanted) ?? members.find(({ name }) => name === '*')
  return named?.weight ?? 0
}

function naiveChoice(value: string, allowed: readonly Coding[]): Coding | undefined {
  const ranked = allowed
    .map((coding) => ({ coding, weight: naiveWeight(value, coding) }))
    .filter(({ weight }) => weight > 0 && weight >= naiveWeight(value, 'identity'))
    .sort((a, b) => b.weight - a.weight || CODINGS.indexOf(a.coding) - CODINGS.indexOf(b.coding))
  return ranked[0]?.coding
}

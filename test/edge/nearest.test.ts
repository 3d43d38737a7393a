import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Candidate, hasRoom, nearest } from '../../edge/geo/nearest/nearest.ts'
import { networkIn, networkOf } from '../../edge/geo/nearest/network.ts'
import { overridesOf } from '../../edge/geo/nearest/overrides.ts'
import { kmBetween, pointAt } from '../../edge/geo/nearest/sphere.ts'

const PARIS = pointAt({ latitude: 48.86, longitude: 2.35 })
const LONDON = pointAt({ latitude: 51.51, longitude: -0.13 })
const TOKYO = pointAt({ latitude: 35.68, longitude: 139.69 })

const place = fc
  .record({
    latitude: fc.double({ min: -90, max: 90, noNaN: true }),
    longitude: fc.double({ min: -180, max: 180, noNaN: true }),
  })
  .map(pointAt)

const candidate = fc.record({
  code: fc.stringMatching(/^[a-z]{3}[0-9]$/),
  at: place,
  weight: fc.double({ min: 0.01, max: 100, noNaN: true }),
  capacity: fc.double({ min: 0.1, max: 1, noNaN: true }),
  load: fc.double({ min: 0, max: 1, noNaN: true }),
  alive: fc.boolean(),
  drained: fc.boolean(),
})
const fleet = fc.uniqueArray(candidate, { selector: ({ code }) => code, minLength: 1, maxLength: 15 })
const asker = fc.record({
  at: place,
  key: fc.string(),
  preferred: fc.array(fc.stringMatching(/^[a-z]{3}[0-9]$/)),
})
const toleranceKm = fc.double({ min: 0, max: 3_000, noNaN: true })
/** Overrides name edges that there are. */
const world = fc
  .tuple(fleet, asker, toleranceKm)
  .chain(([edges, who, km]) =>
    fc
      .subarray(edges.map(({ code }) => code))
      .map((preferred) => ({ edges, who: { ...who, preferred }, km })),
  )

function edge(code: string, but: Partial<Candidate> = {}): Candidate {
  return { code, at: PARIS, weight: 1, capacity: 0.9, load: 0, alive: true, drained: false, ...but }
}

describe('distance', () => {
  test('is the great circle’s, km', () => {
    expect(kmBetween(PARIS, LONDON)).toBeCloseTo(343.6, 0)
    expect(kmBetween(PARIS, TOKYO)).toBeCloseTo(9_712, -1)
    expect(
      kmBetween(pointAt({ latitude: 0, longitude: 179.9 }), pointAt({ latitude: 0, longitude: -179.9 })),
    ).toBeCloseTo(22.2, 0)
    expect(kmBetween(PARIS, PARIS)).toBe(0)
  })
})

describe('nearest: properties of any fleet', () => {
  test('never a dead or drained edge while another lives', () => {
    fc.assert(
      fc.property(world, ({ edges, who, km }) => {
        const chosen = nearest(edges, who, km)
        if (!edges.some(({ alive, drained }) => alive && !drained)) return
        expect(chosen?.edge.alive).toBe(true)
        expect(chosen?.edge.drained).toBe(false)
      }),
    )
  })

  test('always an answer while there is any edge, and a living one while any lives', () => {
    fc.assert(
      fc.property(world, ({ edges, who, km }) => {
        const chosen = nearest(edges, who, km)
        expect(chosen).toBeDefined()
        if (edges.some(({ alive }) => alive)) expect(chosen?.edge.alive).toBe(true)
      }),
    )
  })

  test('equal input gives equal output, in whatever order the edges are', () => {
    fc.assert(
      fc.property(world, fc.integer(), ({ edges, who, km }, seed) => {
        const turned = [...edges].sort(
          (a, b) => ((a.code.charCodeAt(1) * seed) % 7) - ((b.code.charCodeAt(1) * seed) % 7),
        )
        expect(nearest([...turned].reverse(), { ...who }, km)).toEqual(nearest(edges, who, km))
      }),
    )
  })

  test('spills over only above capacity: where none is full it stays within the tolerance', () => {
    fc.assert(
      fc.property(world, ({ edges, who, km }) => {
        const idle = edges.map((one) => ({ ...one, load: one.capacity / 2 }))
        const chosen = nearest(idle, { ...who, preferred: [] }, km)
        const usable = idle.filter(({ alive, drained }) => alive && !drained)
        if (usable.length === 0) return
        const least = Math.min(...usable.map(({ at }) => kmBetween(at, who.at)))
        expect(chosen?.km).toBeLessThanOrEqual(least + km)
        expect(chosen?.because).not.toBe('spilled')
      }),
    )
  })

  test('whoever is passed over by a farther one is full, dead or drained', () => {
    fc.assert(
      fc.property(world, ({ edges, who, km }) => {
        const chosen = nearest(edges, { ...who, preferred: [] }, km)
        if (chosen === undefined || !edges.some((one) => one.alive && !one.drained && hasRoom(one))) return
        for (const one of edges) {
          if (kmBetween(one.at, who.at) + km >= chosen.km) continue
          expect(one.alive && !one.drained && hasRoom(one)).toBe(false)
        }
      }),
    )
  })
})

describe('nearest', () => {
  const asking = { at: PARIS, key: '192.0.2.0/24', preferred: [] }

  test('a full edge’s viewers go to the next that has room', () => {
    const edges = [edge('cdg1', { load: 0.95 }), edge('lhr1', { at: LONDON }), edge('hnd1', { at: TOKYO })]
    expect(nearest(edges, asking, 100)).toMatchObject({ edge: { code: 'lhr1' }, because: 'spilled' })
  })

  test('where all are full the nearest is as good as any', () => {
    const edges = [edge('cdg1', { load: 1 }), edge('hnd1', { at: TOKYO, load: 1 })]
    expect(nearest(edges, asking, 100)).toMatchObject({ edge: { code: 'cdg1' }, because: 'nearest' })
  })

  test('an override’s first edge that lives is taken, however far', () => {
    const edges = [edge('cdg1'), edge('lhr1', { at: LONDON, alive: false }), edge('hnd1', { at: TOKYO })]
    const chosen = nearest(edges, { ...asking, preferred: ['lhr1', 'hnd1'] }, 100)
    expect(chosen).toMatchObject({ edge: { code: 'hnd1' }, because: 'override' })
  })

  test('an override none of whose edges lives is as good as none', () => {
    const edges = [edge('cdg1'), edge('hnd1', { at: TOKYO, alive: false })]
    expect(nearest(edges, { ...asking, preferred: ['hnd1'] }, 100)).toMatchObject({ edge: { code: 'cdg1' } })
  })

  test('a drained edge that alone lives is used, and so is a dead one where none lives', () => {
    const dead = edge('cdg1', { alive: false })
    const drained = edge('hnd1', { at: TOKYO, drained: true })
    expect(nearest([dead, drained], asking, 100)).toMatchObject({
      edge: { code: 'hnd1' },
      because: 'only-drained',
    })
    expect(nearest([dead], asking, 100)).toMatchObject({ edge: { code: 'cdg1' }, because: 'none-alive' })
    expect(nearest([], asking, 100)).toBeUndefined()
  })

  test('edges side by side share viewers by weight', () => {
    const edges = [edge('a', { weight: 3 }), edge('b', { weight: 1 })]
    const taken = Array.from({ length: 20_000 }, (_, at) =>
      nearest(edges, { ...asking, key: `key ${at}` }, 100),
    )
    const share = taken.filter((one) => one?.edge.code === 'a').length / taken.length
    expect(share).toBeGreaterThan(0.73)
    expect(share).toBeLessThan(0.77)
  })

  test('of two that were drawn the much busier one is left alone', () => {
    const edges = [edge('a', { load: 0.6 }), edge('b', { load: 0.2 })]
    for (let at = 0; at < 100; at++) {
      expect(nearest(edges, { ...asking, key: `key ${at}` }, 100)?.edge.code).toBe('b')
    }
  })
})

describe('overrides', () => {
  const block = (text: string) => networkIn(text) ?? expect.fail(`${text} is no block`)
  const overrides = overridesOf([
    { country: 'CH', edges: ['country'] },
    { asn: 64_500, edges: ['network'] },
    { prefix: block('192.0.0.0/8'), edges: ['large'] },
    { prefix: block('192.0.2.128/25'), edges: ['small'] },
    { prefix: block('2001:db8::/32'), edges: ['six'] },
  ])
  const address = (...bytes: number[]) => Uint8Array.from(bytes)

  test('the smallest block goes first, then networks, then countries', () => {
    const about = { asn: 64_500, country: 'CH' }
    expect(overrides.edgesFor({ ...about, address: address(192, 0, 2, 200) })).toEqual(['small'])
    expect(overrides.edgesFor({ ...about, address: address(192, 0, 2, 1) })).toEqual(['large'])
    expect(overrides.edgesFor({ ...about, address: address(10, 0, 0, 1) })).toEqual(['network'])
    expect(overrides.edgesFor({ asn: 1, country: 'CH', address: address(10, 0, 0, 1) })).toEqual(['country'])
    expect(overrides.edgesFor({ asn: 1, country: 'FR', address: address(10, 0, 0, 1) })).toEqual([])
  })

  test('a block is only as large as no override parts it', () => {
    expect(overrides.prefixWithin(networkOf(address(192, 0, 2, 1), 16))).toBe(25)
    expect(overrides.prefixWithin(networkOf(address(192, 9, 0, 0), 16))).toBe(8)
    expect(overrides.prefixWithin(networkOf(address(10, 0, 0, 0), 8))).toBe(0)
  })
})

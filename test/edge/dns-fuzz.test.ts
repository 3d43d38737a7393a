import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NOTHING } from '../../edge/geo/database/layout.ts'
import { answering } from '../../edge/geo/dns/answer.ts'
import { cookiesWith } from '../../edge/geo/dns/cookie.ts'
import { rateLimit } from '../../edge/geo/dns/rate-limit.ts'
import { zoneOf } from '../../edge/geo/dns/zone.ts'
import { fleetFrom } from '../../edge/geo/fleet/fleet-file.ts'
import { fleetState } from '../../edge/geo/fleet/fleet-state.ts'
import { overridesOf } from '../../edge/geo/nearest/overrides.ts'
import { steering } from '../../edge/geo/steer.ts'
import { edns, encoded, subnet } from './router.ts'

const file = fleetFrom(
  readFileSync(new URL('../../deploy/fleet.example.yaml', import.meta.url), 'utf8'),
  'example',
)
const atlas = {
  cities: undefined,
  countries: { get: () => ({ record: NOTHING, prefix: 8 }) },
  asnOf: undefined,
  here: file.place,
  overrides: overridesOf([]),
}
const answer = answering({
  zone: zoneOf(file, 1),
  steer: steering(atlas, fleetState(file), 100),
  cookies: cookiesWith(Buffer.alloc(32, 1)),
  limit: rateLimit(0, 0),
  udpBytesMax: 1_232,
  ttlSeconds: 30,
  fixedTtlSeconds: 30,
  count: () => undefined,
})

const good = [
  encoded('www.edge.example', 'A', edns([subnet('192.0.2.0'), { code: 10, data: Buffer.alloc(8, 1) }])),
  encoded('edge.example', 'TXT', edns([{ code: 12, data: Buffer.alloc(40) }])),
  encoded('a.b.where.edge.example', 'UNKNOWN_65'),
]
/** Good questions with some bytes changed, cut off or added: these get farthest. */
const nearlyGood = fc
  .tuple(
    fc.constantFrom(...good),
    fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 6 }),
    fc.nat(200),
    fc.uint8Array({ maxLength: 30 }),
  )
  .map(([bytes, changes, length, more]) => {
    const changed = Buffer.from(bytes)
    for (const [at, value] of changes) changed[at % changed.length] = value
    return Buffer.concat([changed.subarray(0, length), more])
  })

test.each(['udp', 'tcp'] as const)(
  'whatever is sent over %s, an answer is a whole message, and nothing is thrown',
  (over) => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 600 }).map(Buffer.from), nearlyGood), (bytes) => {
        const reply = answer(bytes as Buffer, { address: '192.0.2.1', over, nowMs: 1e12 })
        if (reply === undefined) return
        expect(reply.length).toBeGreaterThanOrEqual(12)
        expect(reply.length).toBeLessThanOrEqual(over === 'udp' ? 1_232 : 65_535)
        expect(reply.readUInt16BE(0)).toBe((bytes as Buffer).readUInt16BE(0))
        expect(reply.readUInt16BE(2) & 0x8000).toBe(0x8000)
      }),
      { numRuns: 20_000 },
    )
  },
)

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { fleetFrom, readFleetFile } from '../../edge/geo/fleet/fleet-file.ts'
import { ConfigError } from '../../edge/program/errors.ts'

const EXAMPLE = new URL('../../deploy/fleet.example.yaml', import.meta.url).pathname

test('the example has twelve cities', () => {
  const { zone, edges } = readFleetFile(EXAMPLE)
  expect(zone).toBe('edge.example')
  expect(edges.map(({ code }) => code).join(' ')).toBe(
    'ams1 cdg1 lhr1 fra1 iad1 sfo1 gru1 jnb1 bom1 sin1 hnd1 syd1',
  )
})

test.each([
  ['a latitude that is none', /latitude: 52.31/, 'latitude: 152.31', /edges\[0\]\.latitude/],
  ['a code that is there twice', /code: cdg1/, 'code: ams1', /edges\[1\]\.code: ams1 is there twice/],
  ['an override of an unknown edge', /edges: \[fra1\]/, 'edges: [xyz9]', /overrides\[1\]\.edges: xyz9/],
  [
    'an address that is none',
    /\[192\.0\.2\.1,/,
    '[192.0.2.256,',
    /edges\[0\]\.addresses\[0\]: is no IP address/,
  ],
  [
    'an address of one link',
    /\[192\.0\.2\.1,/,
    '["fe80::1%eth0",',
    /edges\[0\]\.addresses\[0\]: is no IP address/,
  ],
  ['text longer than its length byte can say', /a zone of examples/, 'é'.repeat(200), /dns\.txt.*255 bytes/],
  ['a prefix with bits past its length', /203\.0\.113\.0\/24/, '203.0.113.1/24', /overrides\[0\]\.prefix/],
  ['a field that is none', /toleranceKm/, 'tolerance', /tolerance/],
  ['text that is no YAML', /zone: edge/, 'zone: [', /fleet\.yaml/],
])('%s is named', (_, good, bad, problem) => {
  const text = readFileSync(EXAMPLE, 'utf8').replace(good, bad)
  expect(() => fleetFrom(text, 'fleet.yaml')).toThrow(ConfigError)
  expect(() => fleetFrom(text, 'fleet.yaml')).toThrow(problem)
})

import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openAsns } from '../../edge/geo/database/asn.ts'
import { openCities } from '../../edge/geo/database/cities.ts'
import { openDatabase } from '../../edge/geo/database/database.ts'
import { layoutOf, NOTHING } from '../../edge/geo/database/layout.ts'
import { type Atlas, locate } from '../../edge/geo/locate.ts'
import { bytesOf, networkIn, textOf } from '../../edge/geo/nearest/network.ts'
import { type Override, overridesOf } from '../../edge/geo/nearest/overrides.ts'
import { openCountries, openGeo } from '../../edge/geo/place.ts'
import { ConfigError } from '../../edge/program/errors.ts'
import { mmdb } from './mmdb.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'selvedge-places-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function written(name: string, ...of: Parameters<typeof mmdb>): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, mmdb(...of))
  return path
}

const NESTED = {
  country: { iso_code: 'CH' },
  city: { names: { en: 'Zürich', de: 'Zürich' } },
  subdivisions: [{ iso_code: 'ZH', names: { en: 'Zurich' } }],
  location: { latitude: 47.37, longitude: 8.54, time_zone: 'Europe/Zurich', metro_code: 7 },
  postal: { code: '8001' },
}
const FLAT = {
  country_code: 'CH',
  city: 'Zürich (Altstadt)',
  state1: 'Zurich',
  postcode: '8001',
  latitude: 47.37,
  longitude: 8.54,
  timezone: 'Europe/Zurich',
}

describe('layouts are told apart by the metadata', () => {
  test('MaxMind’s own, nested', async () => {
    const path = await written('nested.mmdb', 'GeoLite2-City', [{ prefix: '192.0.2.0/25', record: NESTED }])
    using database = await openDatabase(path, { field: 'city', layoutOf })
    expect(database.get('192.0.2.1')).toEqual({
      record: {
        country: 'CH',
        region: 'ZH',
        regionName: 'Zurich',
        city: 'Zürich',
        postalCode: '8001',
        metroCode: '7',
        timeZone: 'Europe/Zurich',
        coordinates: { latitude: 47.37, longitude: 8.54 },
      },
      prefix: 25,
    })
    expect(database.get('198.51.100.1').record).toEqual(NOTHING)
  })

  test('the flat one of the npm packages', async () => {
    const path = await written('flat.mmdb', 'city ipv4', [{ prefix: '192.0.2.0/24', record: FLAT }])
    using database = await openDatabase(path, { field: 'city', layoutOf })
    expect(database.get('192.0.2.1').record).toMatchObject({
      country: 'CH',
      regionName: 'Zurich',
      city: 'Zürich',
      coordinates: { latitude: 47.37, longitude: 8.54 },
    })
  })

  test('records that are neither say nothing, and harm nobody', async () => {
    const odd = [
      { country: 'CH' },
      { country: { iso_code: 'ch' } },
      { location: { latitude: 900, longitude: 0 } },
      'text',
      7,
    ]
    const rows = odd.map((record, at) => ({ prefix: `10.0.${at}.0/24`, record }))
    const path = await written('odd.mmdb', 'Odd-City', rows)
    using database = await openDatabase(path, { field: 'city', layoutOf })
    for (const at of odd.keys()) expect(database.get(`10.0.${at}.1`).record).toEqual(NOTHING)
  })
})

describe('a file that changes', () => {
  test('is taken over; a broken one is not, and the log says so', async () => {
    const lines: string[] = []
    const log = pino({}, { write: (line) => void lines.push(line) })
    const path = await written('live.mmdb', 'country ipv4', [
      { prefix: '192.0.2.0/24', record: { country_code: 'CH' } },
    ])
    using database = await openDatabase(path, { field: 'country', layoutOf, log, lookMs: 20 })
    expect(database.get('192.0.2.1').record.country).toBe('CH')

    const next = await written('next.mmdb', 'GeoIP2-Country', [
      { prefix: '192.0.2.0/24', record: { country: { iso_code: 'FR' } } },
    ])
    await rename(next, path)
    await expect.poll(() => database.get('192.0.2.1').record.country).toBe('FR')

    await writeFile(path, 'no database')
    await expect.poll(() => lines.join('')).toContain('the old one stays')
    expect(database.get('192.0.2.1').record.country).toBe('FR')
  })

  test('with a broken record that no sample finds says nothing of whom it is about', async () => {
    const lines: string[] = []
    const log = pino({}, { write: (line) => void lines.push(line) })
    const bytes = mmdb('country ipv4', [
      { prefix: '192.0.2.0/24', record: { country_code: 'CH' } },
      { prefix: '198.51.100.0/24', record: { country_code: 'FR' } },
    ])
    // In place of “a string of 2 bytes” a type that there is none of.
    bytes[bytes.indexOf('\x42CH', 'latin1')] = 0
    const path = join(folder, 'broken.mmdb')
    await writeFile(path, bytes)
    using database = await openDatabase(path, { field: 'country', layoutOf, log })
    for (const at of [1, 2]) expect(database.get(`192.0.2.${at}`).record).toEqual(NOTHING)
    expect(database.get('198.51.100.1').record.country).toBe('FR')
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain('broken records')
  })

  test('that is cut off is not taken', async () => {
    const whole = mmdb('country ipv4', [{ prefix: '192.0.2.0/24', record: { country_code: 'CH' } }])
    const path = join(folder, 'cut.mmdb')
    await writeFile(path, whole.subarray(whole.length - 200))
    await expect(openDatabase(path, { field: 'country', layoutOf })).rejects.toThrow(ConfigError)
  })
})

describe('where somebody is', () => {
  const here = { latitude: 1, longitude: 2 }
  const addressed = (text: string) => bytesOf(text) ?? expect.fail(`${text} is no address`)

  async function atlas(but: Partial<Atlas> = {}): Promise<Atlas> {
    const cities = await openCities(
      [await written('city.mmdb', 'city ipv4', [{ prefix: '192.0.2.0/28', record: FLAT }])],
      'city',
    )
    const countries = await openCountries(
      await written('country.mmdb', 'country ipv4', [
        { prefix: '198.51.0.0/16', record: { country_code: 'JP' } },
        { prefix: '192.0.2.0/28', record: { country_code: 'AT' } },
      ]),
      'country',
    )
    return { cities, countries, asnOf: undefined, here, overrides: overridesOf([]), ...but }
  }

  test('is in the city database, or at the country’s centre, or with us', async () => {
    const known = await atlas()
    expect(locate(known, addressed('192.0.2.7'))).toMatchObject({
      by: 'city',
      found: { city: 'Zürich', country: 'CH' },
    })
    const tokyo = locate(known, addressed('198.51.100.7'))
    expect(tokyo).toMatchObject({ by: 'country', found: { country: 'JP' } })
    expect(tokyo.coordinates.latitude).toBeCloseTo(35.5, 0)
    expect(locate(known, addressed('10.0.0.1'))).toMatchObject({ by: 'router', coordinates: here })
    expect(locate(known, addressed('2001:db8::1'))).toMatchObject({ by: 'router' })
  })

  test('holds for a block no longer than /24 and no wider than the databases and overrides say', async () => {
    const block = (text: string, but: Partial<Atlas> = {}) =>
      atlas(but).then((known) => {
        const { bytes, prefix } = locate(known, addressed(text)).block
        return `${textOf(bytes)}/${prefix}`
      })
    const overrides = (text: string) => {
      const prefix = networkIn(text) ?? expect.fail()
      const one: Override = { prefix, edges: ['a'] }
      return overridesOf([one])
    }
    expect(await block('198.51.100.7')).toBe('198.51.0.0/16')
    expect(await block('192.0.2.7')).toBe('192.0.2.0/24')
    expect(await block('198.51.100.7', { overrides: overrides('198.51.8.0/21') })).toBe('198.51.96.0/21')
    expect(await block('198.51.100.7', { overrides: overrides('198.51.100.4/30') })).toBe('198.51.100.0/24')
    expect(await block('198.51.100.7', { asnOf: () => 64_500 })).toBe('198.51.100.0/24')
  })

  test('is told by the databases that come with us', async () => {
    const cities = await openCities(undefined, 'city')
    const countries = await openCountries(undefined, 'country')
    const asnOf = await openAsns({ path: undefined, field: 'asn' })
    const known: Atlas = { cities, countries, asnOf, here, overrides: overridesOf([]) }
    expect(locate(known, addressed('193.0.6.139'))).toMatchObject({ found: { country: 'NL' }, asn: 3333 })
    expect(locate({ ...known, cities: undefined }, addressed('133.11.0.1'))).toMatchObject({
      by: 'country',
      found: { country: 'JP' },
    })
  })

  test('an ASN database of one’s own is read', async () => {
    const record = { autonomous_system_number: 64_500, autonomous_system_organization: 'Example' }
    const path = await written('asn.mmdb', 'GeoLite2-ASN', [{ prefix: '192.0.2.0/24', record }])
    const asnOf = await openAsns({ path, field: 'asn' })
    expect([asnOf('192.0.2.1'), asnOf('198.51.100.1')]).toEqual([64_500, 0])

    // Closed, it follows the file no longer, as one does that is still open.
    asnOf[Symbol.dispose]()
    const layoutOf = () => (found: unknown) => JSON.stringify(found)
    using open = await openDatabase(path, { field: 'asn', layoutOf, lookMs: 20 })
    const next = { autonomous_system_number: 64_501 }
    await written('asn.mmdb', 'GeoLite2-ASN', [{ prefix: '192.0.2.0/24', record: next }])
    await expect.poll(() => open.get('192.0.2.1').record).toContain('64501')
    expect(asnOf('192.0.2.1')).toBe(64_500)
  })

  test('a place is the country, and what is no address is nowhere', async () => {
    const geo = await openGeo()
    expect(geo.placeOf('193.0.6.139')).toEqual({ country: 'NL' })
    expect(geo.placeOf('127.0.0.1')).toEqual({ country: '' })
    expect(geo.placeOf('nowhere')).toEqual({ country: '' })
  })
})

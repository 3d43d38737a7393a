import { readFleetFile } from '../../../edge/geo/fleet/fleet-file.ts'
import { fleetState } from '../../../edge/geo/fleet/fleet-state.ts'
import { locate } from '../../../edge/geo/locate.ts'
import { openAtlas } from '../../../edge/geo/open-atlas.ts'
import { steering } from '../../../edge/geo/steer.ts'

const ADDRESSES = 200_000

/** What it takes to find a place, a network's number and an edge, µs an address: none comes twice. */
export async function timeLookUps(fleetPath: string): Promise<string> {
  const file = readFleetFile(fleetPath)
  using atlas = await openAtlas(file, undefined, { needsAsn: true })
  const { asnOf = () => 0, countries, cities } = atlas
  const steer = steering(atlas, fleetState(file), file.toleranceKm)
  const spread = Array.from({ length: ADDRESSES }, (_, at) => {
    const mixed = Math.imul(at + 1, 2_654_435_761) >>> 0
    return Uint8Array.from([1 + ((mixed >>> 24) % 222), mixed >>> 16, mixed >>> 8, mixed])
  })
  const texts = spread.map((bytes) => bytes.join('.'))
  const usOf = (each: (at: number) => unknown) => {
    const startedMs = performance.now()
    for (let at = 0; at < ADDRESSES; at++) each(at)
    return (((performance.now() - startedMs) * 1_000) / ADDRESSES).toFixed(2)
  }
  const text = (at: number) => texts[at] as string
  const bytes = (at: number) => spread[at] as Uint8Array
  return [
    `country ${usOf((at) => countries.get(text(at)))} µs`,
    `city ${usOf((at) => cities?.get(text(at)))} µs`,
    `network ${usOf((at) => asnOf(text(at)))} µs`,
    `all of these ${usOf((at) => locate(atlas, bytes(at)))} µs`,
    `and the edge of twelve ${usOf((at) => steer(bytes(at)))} µs`,
  ].join(', ')
}

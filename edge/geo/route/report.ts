import { centreOf, countries } from '../countries/centres.ts'
import type { FleetFile } from '../fleet/fleet-file.ts'
import type { EdgeState, FleetState } from '../fleet/fleet-state.ts'
import { byDistance, hasRoom, nearest } from '../nearest/nearest.ts'
import { textOf } from '../nearest/network.ts'
import type { Overrides } from '../nearest/overrides.ts'
import { pointAt } from '../nearest/sphere.ts'
import { placeInWords, type Steered } from '../steer.ts'

/** One address: where it is, the edges by distance, and the answers. */
export function report(
  { zone, dns }: FleetFile,
  fleet: FleetState,
  { located, chosen, edge }: Steered,
  address = '',
): string {
  const { coordinates, block, asn } = located
  const network = asn === 0 ? '' : `, AS${asn}`
  const lines = [
    `${address} is in ${placeInWords(located)}${network}`,
    `  at ${coordinates.latitude.toFixed(2)}, ${coordinates.longitude.toFixed(2)}; the same holds for all of ${textOf(block.bytes)}/${block.prefix}`,
    '',
    table(
      byDistance(fleet.edges, located.at).map(({ edge: one, km }) => {
        const state = one as EdgeState
        const mark = state.code === edge.code ? '->' : ''
        return [
          mark,
          state.code,
          state.edge.city,
          `${Math.round(km)} km`,
          healthOf(state),
          `load ${state.load.toFixed(2)}`,
        ]
      }),
    ),
    '',
    `DNS answers (${chosen.because}):`,
    ...edge.edge.addresses.map(
      (one) => `  ${zone}. ${dns.ttlSeconds} IN ${one.includes(':') ? 'AAAA' : 'A'} ${one}`,
    ),
    '',
  ]
  return lines.join('\n')
}

function healthOf(edge: EdgeState): string {
  if (!edge.alive) return 'dead'
  if (edge.drained) return 'drained'
  return hasRoom(edge) ? 'healthy' : 'full'
}

/** Each country, as seen from where its addresses are, and its edge. */
export function countryTable({ toleranceKm }: FleetFile, fleet: FleetState, overrides: Overrides): string {
  const names = new Intl.DisplayNames(['en'], { type: 'region' })
  const rows = countries().flatMap((country) => {
    const centre = centreOf(country)
    if (centre === undefined) return []
    const preferred = overrides.edgesFor({ address: new Uint8Array(4), asn: 0, country })
    const chosen = nearest(fleet.edges, { at: pointAt(centre), key: country, preferred }, toleranceKm)
    if (chosen === undefined) return []
    const { edge, km, because } = chosen
    return [[country, names.of(country) ?? '', edge.code, `${Math.round(km)} km`, because]]
  })
  return `${table(rows)}\n`
}

/** Columns one beneath the other. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0))) ?? []
  return rows
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

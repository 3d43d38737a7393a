import { DATA_CENTRES } from '../../analytics/ranking/data-centres.ts'
import { type LogRow, viewBut } from './access-log.ts'

const COUNTRIES = ['DE', 'FR', 'US', 'BR', '']
const ASNS = [0, 64_500, 64_501, 64_502, 64_503, 64_504, [...DATA_CENTRES.keys()][0] ?? 0]

/**
 * A log of made-up traffic, the same in every run: sites and visitors of very unequal weight, networks that
 * many visitors share, in several countries and autonomous systems, bots, parts of pages, repeats, and
 * visitors who ask for a lot.
 */
export function generatedLog(days: readonly string[], of: { sites: number; rowsPerDay: number }): LogRow[] {
  // A small congruential generator (Park and Miller's).
  let state = 20_260_725
  const below = (limit: number) => {
    state = (state * 48_271) % 2_147_483_647
    return state % limit
  }
  const unevenly = (limit: number) => Math.floor((below(limit) * below(limit)) / limit)

  return days.flatMap((day) =>
    Array.from({ length: of.rowsPerDay }, () => {
      const visitor = 1 + unevenly(900)
      const network = unevenly(visitor) % 300
      const minute = below(4) === 0 ? below(1_440) : 600 + below(20)
      return viewBut({
        ...placeOf(visitor),
        site: `site-${unevenly(of.sites)}.example`,
        host: `www.site-${network % 3}.example`,
        time: `${day} ${two(Math.floor(minute / 60))}:${two(minute % 60)}:${two(below(60))}`,
        visitor,
        path: `/${below(6)}`,
        is_bot: below(20) === 0,
        is_page_view: below(8) !== 0,
      })
    }),
  )
}

/** Where a visitor is: always the same, as an address is. */
function placeOf(visitor: number): Pick<LogRow, 'network' | 'asn' | 'country'> {
  const network = (visitor * visitor) % 211
  return {
    network: network === 0 ? '127.0.0.0/24' : `198.51.${network}.0/24`,
    asn: ASNS[network % ASNS.length] ?? 0,
    country: COUNTRIES[network % COUNTRIES.length] ?? '',
  }
}

function two(number: number): string {
  return String(number).padStart(2, '0')
}

import { accessSettings } from '../../analytics/api/access.ts'
import { type LogRow, viewBut } from './access-log.ts'

/** What is billed isn't for everybody unless the operator says so. */
export const OPEN = { access: accessSettings.parse({ anonymous: ['usage:read'] }) }

/** A row with the columns that only billing reads. */
export function answered(difference: Record<string, unknown> = {}): LogRow {
  const more = { node: 'cdg1', method: 'GET', scheme: 'https', result_type: 'Hit', bytes_received: 100 }
  return { ...viewBut(), ...more, ...difference } as LogRow
}

const pick = <Value>(values: readonly Value[], at: number) => values[at % values.length] as Value

/** Rows as they come: of all methods, schemes and countries, over three months. */
export const MIXED = Array.from({ length: 3_000 }, (_, at) =>
  answered({
    distribution: pick(['docs', 'shop', ''], at * 7 + (at >> 3)),
    country: pick(['DE', 'US', 'JP', 'IN', 'BR', 'ZA', 'AU', 'SG', '', 'XX'], at * 3 + (at >> 4)),
    method: pick(['GET', 'HEAD', 'POST', 'OPTIONS', 'BREW'], at + (at >> 5)),
    scheme: pick(['http', 'https', 'ws', 'wss'], at + (at >> 2)),
    time: `2026-0${5 + (at % 3)}-${String(1 + (at % 25)).padStart(2, '0')} ${String(at % 12).padStart(2, '0')}:30:00`,
    bytes_sent: (at * 7_919_777) % 90_000_001,
    bytes_received: at % 997,
    origin_time_us: at % 4 === 0 ? 900 : 0,
    cache_status: at % 8 === 0 ? 'cdg1; fwd=uri-miss; stored; collapsed' : 'cdg1; fwd=uri-miss',
    is_bot: at % 5 === 0,
    status: pick([200, 404, 500, 0], at),
  }),
) as (LogRow & Record<string, never>)[]

/** A month's usage as the API tells it. */
export interface Told {
  used: Record<string, number>
  lines: { item: string; region: string | null; quantity: number; free: number; amount: string }[]
  distributions: {
    distribution: string | null
    used: Record<string, number>
    amount: string
    regions: { region: string; used: Record<string, number> }[]
  }[]
  amount: string
  toPay: string
}

/** What some rows used, counted one by one. */
export function plainlyUsed(rows: readonly (LogRow & Record<string, unknown>)[]): Record<string, number> {
  const used: Record<string, number> = {
    ...{ bytesOut: 0, bytesIn: 0, shieldRequests: 0, invalidationPaths: 0, renders: 0 },
    ...{ httpRequests: 0, httpsRequests: 0, httpOtherRequests: 0, httpsOtherRequests: 0 },
  }
  const add = (name: string, quantity: number) => {
    used[name] = (used[name] ?? 0) + quantity
  }
  for (const row of rows) {
    const scheme = ['https', 'wss'].includes(String(row.scheme)) ? 'https' : 'http'
    add(['GET', 'HEAD'].includes(String(row.method)) ? `${scheme}Requests` : `${scheme}OtherRequests`, 1)
    add('bytesOut', row.bytes_sent)
    add('bytesIn', Number(row.bytes_received))
    const asked = Number(row.origin_time_us) > 0 && !String(row.cache_status).includes('collapsed')
    add('shieldRequests', asked ? 1 : 0)
  }
  return used
}

import { z } from 'zod'
import type { Ask } from '../queries/ask.ts'
import type { Reported } from './period.ts'
import { shareOf } from './traffic.ts'

/** What viewers are told apart by. */
export const TRAITS = ['country', 'device', 'browser', 'os', 'http', 'tls'] as const

export type Trait = (typeof TRAITS)[number]

const count = z.number().min(0)
const row = z.object({ trait: z.enum(TRAITS), value: z.string(), requests: count, bytes: count })

/** What viewers of one kind asked for. */
export interface ViewerShare {
  /** `null` when unknown; of `tls` when there was none. */
  value: string | null
  requests: number
  bytes: number
  /** Of all requests, 0 to 1. */
  share: number | null
}

export type Viewers = Record<Trait, ViewerShare[]>

/** A distribution's viewers by each trait, most requests first, 50 values at most. */
export async function viewersOf(ask: Ask, of: Reported): Promise<Viewers> {
  const parameters = { ...of }
  const [connections, agents] = await Promise.all([
    ask('../reports/viewer-connections', row, parameters),
    ask('../reports/viewer-agents', row, parameters),
  ])
  const byTrait = Map.groupBy([...connections, ...agents], ({ trait }) => trait)
  const shares = (trait: Trait): ViewerShare[] => {
    const rows = byTrait.get(trait) ?? []
    const all = rows.reduce((sum, { requests }) => sum + requests, 0)
    return rows.map(({ value, requests, bytes }) => ({
      value: value === '' ? null : value,
      requests,
      bytes,
      share: shareOf(requests, all),
    }))
  }
  return Object.fromEntries(TRAITS.map((trait) => [trait, shares(trait)])) as Viewers
}

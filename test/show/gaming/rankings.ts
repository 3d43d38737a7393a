import { z } from 'zod'
import type { QueryClient } from '../../../analytics/clickhouse/query-pool.ts'
import { sqlFile } from '../../../analytics/clickhouse/sql-file.ts'
import type { Ask } from '../../../analytics/queries/ask.ts'
import { csvOfList, listsOf } from '../../../analytics/queries/lists.ts'
import { publishedRankings } from '../../../analytics/queries/published-rankings.ts'
import { type Day, spanEnding, WINDOW_DAYS, type WindowName } from '../../../analytics/queries/window.ts'

const WINDOWS = ['1d', '7d', '28d'] as const satisfies readonly WindowName[]

/** All that is compared. */
export const SORTS = [
  'plain 1d',
  'ours 1d',
  'plain 7d',
  'ours 7d',
  'plain 28d',
  'ours 28d',
  'our list',
] as const

export type Sort = (typeof SORTS)[number]

/** Where one site is: the rank that was published, and its place in the list. */
export interface Line {
  rank: number
  site: string
}

/** Rankings that end with one day, best site first. */
export type Rankings = Record<Sort, Line[]>

const SITES_MAX = 100_000

/** What the daily steps have published for a day, as the API tells it, and plain counts of the same days. */
export async function rankingsOn(query: QueryClient, ask: Ask, day: Day): Promise<Rankings> {
  const found: Partial<Rankings> = {}
  for (const window of WINDOWS) {
    found[`plain ${window}`] = await plainly(query, spanEnding(Date.parse(day), WINDOW_DAYS[window]))
    found[`ours ${window}`] = await publishedRankings(ask, { window, day, limit: SITES_MAX }, {})
  }
  const [list] = await listsOf(ask, 1)
  if (list?.day !== day) throw new Error(`there is no list of ${day}`)
  found['our list'] = (await csvOfList(ask, list)).trimEnd().split('\n').map(lineOf)
  return found as Rankings
}

async function plainly(query: QueryClient, span: { from: Day; to: Day }): Promise<Line[]> {
  const result = await query.query({
    query: await sqlFile(import.meta.url, 'plain-counts.sql'),
    query_params: { ...span },
    format: 'JSONEachRow',
  })
  const rows = z.array(z.object({ site: z.string() })).parse(await result.json())
  return rows.map(({ site }, at) => ({ rank: at + 1, site }))
}

function lineOf(line: string): Line {
  const [rank = '', site = ''] = line.split(',')
  return { rank: Number(rank), site }
}

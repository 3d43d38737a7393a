import { stabilityOf } from '../../../analytics/ranking/stability.ts'
import { isWanted, type Wanted } from './made-up-cdn.ts'
import type { Line, Rankings, Sort } from './rankings.ts'

/** How much of each ranking is the same the day after, in the mean of the days, and a week later. */
export function stabilityTable(evenings: readonly Rankings[], sorts: readonly Sort[]): string {
  const rows = sorts.map((sort) => {
    const lists = evenings.map((evening) => organic(evening[sort]))
    const daily = lists.slice(1).map((now, at) => stabilityOf(now, lists[at] as string[]))
    const week = stabilityOf(lists.at(-1) as string[], lists[0] as string[])
    return [
      sort,
      percent(1 - mean(daily.map(({ changed }) => changed.top100))),
      percent(1 - mean(daily.map(({ changed }) => changed.top1000))),
      mean(daily.map(({ overlap }) => overlap)).toFixed(3),
      percent(1 - week.changed.top100),
      percent(1 - week.changed.top1000),
      week.overlap.toFixed(3),
    ]
  })
  const head = ['', 'top 100', 'top 1,000', 'RBO', 'top 100', 'top 1,000', 'RBO']
  return (
    `\nWhat is the same the day after (mean of ${evenings.length - 1} days) | a week later. ` +
    'RBO: rank-biased overlap, p = 0.99\n' +
    table([head, ...rows])
  )
}

/** From which rank to which each attack brings a site, among all that nobody attacks. */
export function gainsTable(last: Rankings, wanted: readonly Wanted[], lengths: readonly number[]): string {
  const columns = lengths.flatMap((days): { days: number; sort: Sort }[] =>
    days === 1
      ? (['plain 1d', 'ours 1d', 'plain 28d', 'ours 28d', 'our list'] as const).map((sort) => ({
          days,
          sort,
        }))
      : (['plain 28d', 'ours 28d', 'our list'] as const).map((sort) => ({ days, sort })),
  )
  const before = columns.map(({ sort }) => quietRank(last[sort], wanted))
  const attacks = [...new Set(wanted.filter(({ days }) => days > 0).map(({ attack }) => attack))]
  const rows = attacks.map((attack) => [
    attack.name,
    ...columns.map(({ days, sort }, at) => {
      const one = wanted.find((other) => other.attack === attack && other.days === days)
      const rank = rankAmongOthers(last[sort], one?.site ?? '')
      return rank === undefined ? 'none' : gain(rank, before[at] as number)
    }),
  ])
  const heads = [
    ['attacked for', ...columns.map(({ days }) => `${days} d`)],
    ['', ...columns.map(({ sort }) => sort)],
    ['rank before', ...before.map(grouped)],
  ]
  return (
    '\nRanks gained, and the rank that somebody then has: ' +
    `of ${grouped(organic(last['plain 28d']).length)} sites that nobody attacks\n` +
    table([...heads, ...rows])
  )
}

/** Sites that nobody wants a rank for. */
function organic(lines: readonly Line[]): string[] {
  return lines.map(({ site }) => site).filter((site) => !isWanted(site))
}

function quietRank(lines: readonly Line[], wanted: readonly Wanted[]): number {
  const ranks = wanted
    .filter(({ days }) => days === 0)
    .map(({ site }) => rankAmongOthers(lines, site) ?? lines.length)
    .sort((a, b) => a - b)
  return ranks[Math.floor(ranks.length / 2)] as number
}

/** Less those before it that are attacked too. */
function rankAmongOthers(lines: readonly Line[], site: string): number | undefined {
  const own = lines.find((line) => line.site === site)
  if (own === undefined) return undefined
  return 1 + lines.filter((line) => line.rank < own.rank && !isWanted(line.site)).length
}

function gain(rank: number, before: number): string {
  const gained = before - rank
  return `${gained > 0 ? '+' : ''}${grouped(gained)} → ${grouped(rank)}`
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ')
  return rows.map((row) => `${line(row)}\n`).join('')
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0) / numbers.length
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`
const grouped = (number: number) => number.toLocaleString('en')

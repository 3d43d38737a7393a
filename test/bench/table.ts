import type { Measured, Turn } from './measure.ts'
import { coreShare, ratioOf, type Spread, spreadOf } from './statistics.ts'

/**
 * A Markdown table, a row for each contender: medians of the rounds, with the smallest and the largest
 * in brackets. Ratios are taken within each round, against the contender of the same round.
 *
 * @param peer what the others are compared with; no ratios without it
 */
export function tableOf(all: readonly Measured[], peer: Measured | undefined): string {
  const beside = peer === undefined ? '× peer' : `× ${peer.contender.id}`
  const head = ['', 'requests/s', beside, 'CPU µs/request', beside, 'core used', 'p50 ms', 'p99 ms', 'hits']
  const rows = all.map((one) => {
    const { contender, turns } = one
    return [
      `${contender.name} (${contender.version})`,
      cell(turns, (turn) => turn.requestsPerSecond, 0),
      ratioCell(one, peer, (turn) => turn.requestsPerSecond),
      cell(turns, (turn) => turn.cpuUsPerRequest, 1),
      ratioCell(one, peer, (turn) => turn.cpuUsPerRequest),
      percent(coreShare(one), 0),
      cell(turns, (turn) => turn.p50Ms, 2),
      cell(turns, (turn) => turn.p99Ms, 2),
      percent(spreadOf(turns.map((turn) => turn.hitRatio)).median, 1),
    ]
  })
  return aligned([head, ...rows])
}

/** Cells under each other, the first column to the left, as the formatter of this repository wants it. */
export function aligned([head = [], ...rows]: readonly string[][]): string {
  const widths = head.map((_, column) =>
    Math.max(3, ...[head, ...rows].map((row) => row[column]?.length ?? 0)),
  )
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  const line = (row: readonly string[]) => {
    const cells = row.map((cell, column) => {
      const width = widths[column] ?? 0
      return column === 0 ? cell.padEnd(width) : cell.padStart(width)
    })
    return `| ${cells.join(' | ')} |`
  }
  return [head, rule, ...rows].map(line).join('\n')
}

function cell(turns: readonly Turn[], of: (turn: Turn) => number, digits: number): string {
  return spreadText(spreadOf(turns.map(of)), digits)
}

function ratioCell(one: Measured, peer: Measured | undefined, of: (turn: Turn) => number): string {
  return peer === undefined || one === peer ? '' : spreadText(ratioOf(one, peer, of), 2)
}

function percent(share: number, digits: number): string {
  return Number.isNaN(share) ? '–' : `${numberText(share * 100, digits)} %`
}

/** As `52,300 (51,900–53,000)`. */
export function spreadText({ median, min, max }: Spread, digits: number): string {
  if (Number.isNaN(median)) return '–'
  return `${numberText(median, digits)} (${numberText(min, digits)}–${numberText(max, digits)})`
}

/** As `52,300.0`. */
export function numberText(value: number, digits: number): string {
  return new Intl.NumberFormat('en', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value)
}

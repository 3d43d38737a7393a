import type { Measured, Turn } from './measure.ts'

/** A median with the smallest and the largest of what it was taken from. */
export interface Spread {
  median: number
  min: number
  max: number
}

/** @param values at least one */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  const [low, high] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]]
  return {
    median: ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2,
    min: sorted[0] ?? Number.NaN,
    max: sorted.at(-1) ?? Number.NaN,
  }
}

/**
 * A Markdown table, a row for each contender: medians of the rounds, with the smallest and the largest
 * in brackets. Ratios are taken within each round, against the contender of the same round.
 *
 * @param peer what the others are compared with; no ratios without it
 */
export function tableOf(all: readonly Measured[], peer: Measured | undefined): string {
  const head = ['', 'requests/s', '× peer', 'CPU µs/request', '× peer', 'core used', 'p50 ms', 'p99 ms']
  const rows = all.map((one) => {
    const { turns } = one
    return [
      `${one.contender.name} (${one.contender.version})`,
      cell(turns, (turn) => turn.requestsPerSecond, 0),
      ratioCell(one, peer, (turn) => turn.requestsPerSecond),
      cell(turns, (turn) => turn.cpuUsPerRequest, 1),
      ratioCell(one, peer, (turn) => turn.cpuUsPerRequest),
      coreCell(turns),
      cell(turns, (turn) => turn.p50Ms, 2),
      cell(turns, (turn) => turn.p99Ms, 2),
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
  if (peer === undefined || one === peer) return ''
  const ratios = one.turns.map((turn, round) => of(turn) / of(peer.turns[round] ?? turn))
  return spreadText(spreadOf(ratios), 2)
}

/** Median share of one core that the contender had. */
function coreCell(turns: readonly Turn[]): string {
  const shares = turns.map(({ cpuUsPerRequest, requestsPerSecond }) => cpuUsPerRequest * requestsPerSecond)
  const { median } = spreadOf(shares)
  return Number.isNaN(median) ? '–' : `${Math.round(median / 10_000)} %`
}

/** As `52,300 (51,900–53,000)`. */
function spreadText({ median, min, max }: Spread, digits: number): string {
  if (Number.isNaN(median)) return '–'
  const number = new Intl.NumberFormat('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
  return `${number.format(median)} (${number.format(min)}–${number.format(max)})`
}

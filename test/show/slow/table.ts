import { quantileMs } from '../viewer.ts'

/** What good viewers saw while something went on. */
export interface During {
  tookMs: number[]
  failures: string[]
  /** The most memory that was seen. */
  megabytes: number
  /** What the attack says of itself. */
  outcome: string
}

const WIDTHS = [30, 9, 7, 8, 26, 9, 8]
const HEADINGS = [
  'attack',
  'requests',
  'failed',
  'p50',
  'p99 (of each round)',
  '× quiet',
  'memory',
  'held at the end',
]

/** What was seen of one who is attacked, round by round. */
export class Table {
  readonly #title: string
  readonly #rows = new Map<string, During[]>()

  constructor(title: string) {
    this.#title = title
  }

  /** @param attack its name; the first one is quiet, which all are compared with */
  add(attack: string, during: During): void {
    const rounds = this.#rows.get(attack)
    if (rounds === undefined) this.#rows.set(attack, [during])
    else rounds.push(during)
  }

  /** How many requests failed. */
  get failed(): number {
    return [...this.#rows.values()].flat().reduce((sum, { failures }) => sum + failures.length, 0)
  }

  text(): string {
    const [quiet = []] = this.#rows.values()
    const quietMs = medianP99(quiet)
    const lines = [...this.#rows].map(([attack, rounds]) => row(attack, rounds, quietMs))
    return `\n${this.#title}\n${[HEADINGS, ...lines].map(line).join('')}`
  }
}

function row(attack: string, rounds: readonly During[], quietMs: number): string[] {
  const tookMs = rounds.flatMap((one) => one.tookMs)
  const failures = rounds.flatMap((one) => one.failures)
  const p99s = rounds.map((one) => quantileMs(one.tookMs, 0.99).toFixed(1)).join(' ')
  const p99Ms = medianP99(rounds)
  return [
    attack,
    String(tookMs.length + failures.length),
    [failures.length, ...new Set(failures)].join(' '),
    quantileMs(tookMs, 0.5).toFixed(1),
    `${p99Ms.toFixed(1)} (${p99s})`,
    (p99Ms / quietMs).toFixed(2),
    `${Math.max(...rounds.map(({ megabytes }) => megabytes))} MB`,
    [...new Set(rounds.map(({ outcome }) => outcome))].join(', '),
  ]
}

/** ms */
function medianP99(rounds: readonly During[]): number {
  return quantileMs(
    rounds.map(({ tookMs }) => quantileMs(tookMs, 0.99)),
    0.5,
  )
}

function line(cells: readonly string[]): string {
  return `${cells.map((cell, at) => cell.padEnd(WIDTHS[at] ?? 0)).join(' ')}\n`
}

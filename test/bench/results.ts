import { verdictOf } from './aims.ts'
import type { Measured, Turn } from './measure.ts'
import type { Outcome } from './run.ts'
import type { LoadScenario } from './scenarios.ts'
import { ratioOf, speedBeside, spreadOf } from './statistics.ts'
import { aligned, numberText, spreadText, tableOf } from './table.ts'

const OURS = 'selvedge'
const YARDSTICK = 'bare'

const HEAD = ['', 'ours', '× nginx', '× best peer', '× bare', 'CPU × nginx', 'aims']

/** One table of all scenarios: our figure, what it is of others', and whether it is what it should be. */
export function overviewOf(outcomes: readonly Outcome[]): string {
  return aligned([HEAD, ...outcomes.map((outcome) => [outcome.scenario.title, ...cellsOf(outcome)])])
}

/** A scenario's figures as Markdown. */
export function detailsOf(outcome: Outcome): string {
  const { scenario, leftOut } = outcome
  const lines = [`## ${scenario.title}`, '']
  if (scenario.note !== undefined) lines.push(scenario.note, '')
  lines.push(tableOfOutcome(outcome), '')
  if (leftOut.length > 0) lines.push(`Left out: ${leftOut.join('; ')}.`, '')
  return lines.join('\n')
}

function tableOfOutcome(outcome: Outcome): string {
  if ('memory' in outcome) {
    const rows = outcome.memory.map(({ contender, bytes }) => [
      `${contender.name} (${contender.version})`,
      kilobytes(bytes),
    ])
    return aligned([['', 'a connection'], ...rows])
  }
  if ('scaling' in outcome) {
    const { one, two, busierShare } = outcome.scaling
    const share = `The busier worker had ${numberText(busierShare * 100, 0)} % of the CPU time.`
    return `${tableOf([one, two], undefined)}\n\n${share}`
  }
  return tableOf(outcome.measured, idOf(outcome.measured, 'nginx'))
}

/** The cells of the overview behind the title. */
function cellsOf(outcome: Outcome): string[] {
  if ('memory' in outcome) {
    const bytesOf = (id: string) => outcome.memory.find(({ contender }) => contender.id === id)?.bytes
    const ours = bytesOf(OURS) ?? Number.NaN
    const best = lowest(
      outcome.memory.filter(({ contender }) => isPeer(contender.id)),
      ({ bytes }) => bytes,
    )
    const ratio = (bytes: number | undefined) => (bytes === undefined ? '' : numberText(ours / bytes, 2))
    const verdicts = outcome.scenario.aims.map((aim) => verdictOf(aim, { value: ours / 1_000 }))
    const beside = [
      ratio(bytesOf('nginx')),
      named(ratio(best?.bytes), best?.contender.id),
      ratio(bytesOf(YARDSTICK)),
    ]
    return [kilobytes(ours), ...beside, '', verdicts.join(', ')]
  }
  if ('scaling' in outcome) {
    const { speedup } = outcome.scaling
    const verdicts = outcome.scenario.aims.map((aim) => verdictOf(aim, { value: speedup.median }))
    return [`${spreadText(speedup, 2)} ×`, '', '', '', '', verdicts.join(', ')]
  }
  return loadCells(outcome.scenario, outcome.measured)
}

function loadCells(scenario: LoadScenario, measured: readonly Measured[]): string[] {
  const ours = idOf(measured, OURS)
  if (ours === undefined) return ['not measured', '', '', '', '', '']
  const figure = FIGURES[scenario.figure]
  const ratioTo = (base: Measured | undefined, of: (turn: Turn) => number) =>
    base === undefined ? '' : numberText(ratioOf(ours, base, of).median, 2)
  const peers = measured.filter(({ contender }) => isPeer(contender.id))
  const best = lowest(peers, ({ turns }) => figure.sign * spreadOf(turns.map(figure.of)).median)
  const verdicts = scenario.aims.map((aim) => {
    const base = idOf(measured, aim.of ?? '')
    return verdictOf(aim, base && figure.beside(ours, base))
  })
  return [
    figure.text(spreadOf(ours.turns.map(figure.of)).median),
    ratioTo(idOf(measured, 'nginx'), figure.of),
    named(ratioTo(best, figure.of), best?.contender.id),
    ratioTo(idOf(measured, YARDSTICK), figure.of),
    ratioTo(idOf(measured, 'nginx'), (turn) => turn.cpuUsPerRequest),
    verdicts.join(', '),
  ]
}

/** What a scenario may compare: `sign` is 1 where less is better. */
const FIGURES = {
  requests: {
    of: (turn: Turn) => turn.requestsPerSecond,
    sign: -1,
    text: (value: number) => `${numberText(value, 0)}/s`,
    beside: (ours: Measured, base: Measured) => {
      const { median, by } = speedBeside(ours, base)
      return by === 'requests' ? { value: median } : { value: median, how: 'by CPU time' }
    },
  },
  p99: {
    of: (turn: Turn) => turn.p99Ms,
    sign: 1,
    text: (value: number) => `p99 ${numberText(value, 2)} ms`,
    beside: (ours: Measured, base: Measured) => ({ value: ratioOf(ours, base, (turn) => turn.p99Ms).median }),
  },
}

function idOf(measured: readonly Measured[], id: string): Measured | undefined {
  return measured.find(({ contender }) => contender.id === id)
}

function isPeer(id: string): boolean {
  return id !== OURS && id !== YARDSTICK
}

function lowest<T>(all: readonly T[], of: (one: T) => number): T | undefined {
  return all.toSorted((a, b) => of(a) - of(b))[0]
}

function named(text: string, name: string | undefined): string {
  return name === undefined ? text : `${text} (${name})`
}

function kilobytes(bytes: number): string {
  return `${numberText(bytes / 1_000, 1)} KB`
}

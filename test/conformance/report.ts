import { ARRANGEMENTS, type Arrangement } from './arrangements.ts'
import type { Reason } from './reasons.ts'
import type { Kind } from './suite.ts'
import { type Judged, type Score, scores } from './verdict.ts'

/** The judged tests of each arrangement. */
export type Outcomes = Readonly<Record<Arrangement, readonly Judged[]>>

const KINDS: readonly Kind[] = ['required', 'optimal', 'check']

/** The whole report: a table, every test that was not passed with its reason, and the line that counts. */
export function reportOf(outcomes: Outcomes, reasons: ReadonlyMap<string, Reason>): string {
  return [
    table(outcomes),
    ...KINDS.map((kind) => failures(kind, outcomes, reasons)),
    lastLine(outcomes.house),
  ].join('\n\n')
}

/** Tests that count (required or optimal), did not pass and have no reason why. */
export function unexcused(outcomes: Outcomes, reasons: ReadonlyMap<string, Reason>): string[] {
  return allIds(outcomes).filter(
    (id) => !reasons.has(id) && notPassed(outcomes, id).some(({ kind }) => kind !== 'check'),
  )
}

/** Tests that have a reason not to pass, and pass everywhere. */
export function excusedInVain(outcomes: Outcomes, reasons: ReadonlyMap<string, Reason>): string[] {
  return [...reasons.keys()].filter((id) => notPassed(outcomes, id).length === 0)
}

/** `required P/N optimal P/N check P/N`. */
export function lastLine(judged: readonly Judged[]): string {
  const all = scores(judged)
  return KINDS.map((kind) => `${kind} ${fraction(all[kind])}`).join(' ')
}

function table(outcomes: Outcomes): string {
  const row = (cells: readonly string[]) =>
    cells.map((cell, at) => (at === 0 ? cell.padEnd(26) : cell.padStart(10))).join('')
  const rows = arrangements().map((name) => {
    const all = scores(outcomes[name])
    return row([ARRANGEMENTS[name], ...KINDS.map((kind) => fraction(all[kind]))])
  })
  return [row(['', ...KINDS]), ...rows].join('\n')
}

/** The tests of a kind that were not passed, one reason after another. */
function failures(kind: Kind, outcomes: Outcomes, reasons: ReadonlyMap<string, Reason>): string {
  const ids = allIds(outcomes).filter((id) => notPassed(outcomes, id)[0]?.kind === kind)
  const byReason = Map.groupBy(ids, (id) => reasons.get(id))
  const heading = kind === 'check' ? 'check: questions that have no wrong answer; answered no' : kind
  if (ids.length === 0) return `${heading}: all passed`
  return [
    `${heading}: not passed`,
    ...[...byReason].map(([why, those]) => paragraph(why, those, outcomes)),
  ].join('\n')
}

function paragraph(reason: Reason | undefined, ids: readonly string[], outcomes: Outcomes): string {
  const lines = ids.map((id) => {
    const where = arrangements().filter((name) => isNotPassed(outcomes, name, id))
    const [one] = notPassed(outcomes, id)
    const only = where.length === 1 ? ` (${ARRANGEMENTS[where[0] as Arrangement]} only)` : ''
    return `  ${id}${only}: ${one?.verdict}${one?.message === '' ? '' : `, ${one?.message}`}`
  })
  if (reason === undefined) return [...lines, '      no reason given'].join('\n')
  const standing = reason.standing === 'undone' ? 'Not done: ' : ''
  return [...lines, `      ${standing}${reason.why}`, ...(reason.rfc ? [`      ${reason.rfc}`] : [])].join(
    '\n',
  )
}

function fraction({ passed, all }: Score): string {
  return `${passed}/${all}`
}

function arrangements(): Arrangement[] {
  return Object.keys(ARRANGEMENTS) as Arrangement[]
}

function allIds(outcomes: Outcomes): string[] {
  return outcomes.house.map(({ test }) => test.id)
}

function notPassed(outcomes: Outcomes, id: string): Judged[] {
  return arrangements().flatMap((name) =>
    outcomes[name].filter(({ test, verdict }) => test.id === id && verdict !== 'pass'),
  )
}

function isNotPassed(outcomes: Outcomes, name: Arrangement, id: string): boolean {
  return outcomes[name].some(({ test, verdict }) => test.id === id && verdict !== 'pass')
}

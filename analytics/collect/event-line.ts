import { type BilledEvent, EVENT_COLUMNS, EVENT_MARK } from '../../edge/log/billed-event.ts'
import type { FrontedDistribution } from '../settings.ts'
import { fronting } from './fronting.ts'
import type { TimeBounds } from './record-line.ts'

/** An event as it stands on its line, known to be what its column may hold. */
export type EventText = Record<keyof BilledEvent, string>

const MARK = `${EVENT_MARK}\t`
const MARK_BYTES = Buffer.from(MARK)

/** What a line may consist of: see edge/log/record.ts. */
const LINE = /^[\t\x20-\x5b\x5d-\x7e]*$/

/** Invalidations name 6,000 things at most. */
const QUANTITY_MAX = 1_000_000

const CHECKS: Readonly<Record<keyof BilledEvent, { holds: RegExp; problem: string }>> = {
  kind: { holds: /^(invalidation|render)$/, problem: 'is neither invalidation nor render' },
  id: { holds: /^[A-Za-z0-9._-]{1,64}$/, problem: 'is no id' },
  timeMs: { holds: /^\d{13}$/, problem: 'is no Unix time in ms' },
  node: { holds: /^.{0,128}$/, problem: 'is longer than 128 characters' },
  distribution: { holds: /^.{0,128}$/, problem: 'is longer than 128 characters' },
  host: { holds: /^.{0,253}$/, problem: 'is longer than 253 characters' },
  quantity: { holds: /^[1-9]\d{0,6}$/, problem: `is no whole number from 1 to ${QUANTITY_MAX}` },
}

/** Whether the line of a segment that begins at `start` is an event's, and not a record's. */
export function isEventLine(lines: Buffer, start: number): boolean {
  const end = start + MARK_BYTES.length
  return end <= lines.length && lines.compare(MARK_BYTES, 0, MARK_BYTES.length, start, end) === 0
}

/** @returns the event, or why the line is none, naming the column */
export function parseEvent(line: string, bounds: TimeBounds): { event: EventText } | { reason: string } {
  const values = line.slice(MARK.length).split('\t')
  if (!LINE.test(line))
    return { reason: 'event: has a character that is not printable ASCII, or a backslash' }
  if (values.length < EVENT_COLUMNS.length) {
    return { reason: `event: has ${values.length} values, ${EVENT_COLUMNS.length} are needed` }
  }
  const event = Object.fromEntries(EVENT_COLUMNS.map((column, at) => [column, values[at]])) as EventText
  for (const column of EVENT_COLUMNS) {
    const { holds, problem } = CHECKS[column]
    if (!holds.test(event[column])) return { reason: `event: ${column}: ${problem}` }
  }
  if (Number(event.quantity) > QUANTITY_MAX) return { reason: `event: quantity: ${CHECKS.quantity.problem}` }
  const timeMs = Number(event.timeMs)
  if (timeMs > bounds.latestMs) return { reason: 'event: timeMs: is more than a day ahead' }
  if (timeMs < bounds.earliestMs) return { reason: 'event: timeMs: is longer ago than records are kept' }
  return { event }
}

/** Makes rows of `selvedge.billed_events`, TSV in the order of insert-billed-events.sql, with their line feed. */
export function createEventRowOf(
  distributions: readonly FrontedDistribution[],
): (event: EventText) => string {
  return ({ timeMs, kind, id, node, distribution, host, quantity }) => {
    const whose = distribution || (fronting(host.toLowerCase(), distributions)?.id ?? '')
    const seconds = `${timeMs.slice(0, -3)}.${timeMs.slice(-3)}`
    return `${[seconds, kind, id, node, whose, quantity].join('\t')}\n`
  }
}

import { formatText } from './record.ts'

/** What is billed and is no response to a viewer. */
export interface BilledEvent {
  /** `invalidation`: paths and tags that were invalidated; `render`: a picture of a page that was made. */
  kind: 'invalidation' | 'render'
  /** Of this one thing, in all of the CDN: told again it is the same, and counts once. */
  id: string
  /** When it was asked for, Unix ms. */
  timeMs: number
  /** The machine that tells. */
  node: string
  /** Id of the distribution; empty where only the host is known. */
  distribution: string
  host: string
  quantity: number
}

/** First value of an event's line; that of a record is a time. */
export const EVENT_MARK = 'event'

/** Order of the values on a line, behind the mark. Append only: older segments are still on their way. */
export const EVENT_COLUMNS = [
  'kind',
  'id',
  'timeMs',
  'node',
  'distribution',
  'host',
  'quantity',
] as const satisfies readonly (keyof BilledEvent)[]

/** The event's line in a segment, among those of records, with its line feed. */
export function formatEvent(event: BilledEvent): string {
  return `${[EVENT_MARK, ...EVENT_COLUMNS.map((column) => formatText(String(event[column])))].join('\t')}\n`
}

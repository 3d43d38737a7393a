import type { AsnOf } from '../../edge/geo/database/asn.ts'
import {
  type Column,
  type ColumnType,
  noRows,
  putBytes,
  putNumber,
  putText,
  type Rows,
} from '../clickhouse/native.ts'
import type { FrontedDistribution } from '../settings.ts'
import { isBotAgent } from './bot.ts'
import { isPageView, isWantedAsPage } from './page-view.ts'
import { COLUMN, type RecordLine } from './record-line.ts'
import { remembered } from './remembered.ts'
import { createSiteOf } from './site.ts'
import { viewerAt } from './viewer.ts'
import type { Visitor } from './visitor.ts'

/** What rows are made by. */
export interface RowOptions {
  distributions: readonly FrontedDistribution[]
  asnOf: AsnOf
  /** Whether whoever sends `DNT: 1` or `Sec-GPC: 1` is nobody: billed, but no visitor and no page view. */
  honourDoNotTrack: boolean
  /** Hears which site each row is of. */
  onSite?(site: string): void
}

/**
 * Appends a record's row.
 *
 * @param salt of the record's day
 * @returns why there is none, or `undefined`
 */
export type RowWriter = (rows: Rows, line: RecordLine, salt: string) => string | undefined

/** The columns of insert-access-log.sql, in its order. */
export const ROW_COLUMNS = [
  ['time', "DateTime64(3, 'UTC')"],
  ['node', 'String'],
  ['request_id', 'String'],
  ['distribution', 'String'],
  ['host', 'String'],
  ['site', 'String'],
  ['method', 'String'],
  ['scheme', 'String'],
  ['protocol_version', 'String'],
  ['path', 'String'],
  ['query', 'String'],
  ['status', 'UInt16'],
  ['bytes_sent', 'UInt64'],
  ['bytes_received', 'UInt64'],
  ['time_taken_us', 'UInt64'],
  ['time_to_first_byte_us', 'UInt64'],
  ['origin_time_us', 'UInt64'],
  ['result_type', 'String'],
  ['detailed_result_type', 'String'],
  ['cache_status', 'String'],
  ['content_type', 'String'],
  ['content_length', 'Nullable(UInt64)'],
  ['range_start', 'Nullable(UInt64)'],
  ['range_end', 'Nullable(UInt64)'],
  ['network', 'String'],
  ['tls_protocol', 'String'],
  ['tls_cipher', 'String'],
  ['user_agent', 'String'],
  ['referer', 'String'],
  ['country', 'String'],
  ['asn', 'UInt32'],
  ['sec_fetch_dest', 'String'],
  ['sec_purpose', 'String'],
  ['visitor', 'UInt64'],
  ['is_bot', 'Bool'],
  ['is_page_view', 'Bool'],
] as const satisfies readonly (readonly [string, ColumnType])[]

type RowColumn = (typeof ROW_COLUMNS)[number][0]

/** Rows to be filled. */
export function noLogRows(): Rows {
  return noRows(ROW_COLUMNS)
}

const AT = Object.fromEntries(ROW_COLUMNS.map(([name], at) => [name, at])) as Readonly<
  Record<RowColumn, number>
>

/** Columns that are a record's values as they are: where they stand in the row, and on the line. */
const AS_IT_IS = ROW_COLUMNS.flatMap(([name, type], to) => {
  const camel = name.replace(/_(\w)/g, (_underscore, letter: string) => letter.toUpperCase())
  const from = (COLUMN as Record<string, number | undefined>)[camel]
  return from === undefined || name === 'site' || name === 'asn' ? [] : [{ to, from, type }]
})

/** The visitor of what nobody is to be recognised by. */
const NOBODY: Visitor = { low: 0, high: 0 }

/** What is remembered: viewers, browsers and hosts of a busy hour. */
const VIEWERS = { answers: 65_536, textBytes: 48 }
const AGENTS = { answers: 8_192, textBytes: 512 }
const HOSTS = { answers: 8_192, textBytes: 384 }
const WORDS = { answers: 1_024, textBytes: 128 }

const TAB = '\t'

/**
 * Makes rows of `selvedge.access_log` of records.
 *
 * Here the viewer's address ends: what goes on is its network and, for a day, the visitor. Also
 * `X-Forwarded-For`, which may hold more addresses, stays behind. The autonomous system is looked up where the
 * record names none.
 */
export function createRowWriter(options: RowOptions): RowWriter {
  const { distributions, asnOf, honourDoNotTrack } = options
  const siteOf = createSiteOf(distributions)
  const siteAt = remembered(HOSTS, (asked) => {
    const [distribution = '', host = ''] = asked.split(TAB)
    return siteOf({ distribution, host })
  })
  const agentAt = remembered(AGENTS, (text) => ({ text, isBot: isBotAgent(text) }))
  const viewerOf = remembered(VIEWERS, (clientIp) => viewerAt(clientIp, asnOf))
  const wordAt = remembered(WORDS, (text) => text)

  return (rows, line, salt) => {
    const { bytes, starts, ends } = line
    const start = (column: number) => starts[column] as number
    const end = (column: number) => ends[column] as number
    const word = (column: number) => wordAt(bytes, start(column), end(column))
    const viewer = viewerOf(bytes, start(COLUMN.clientIp), end(COLUMN.clientIp))
    if (viewer === undefined) return 'clientIp: is no IP address'
    // Distribution and host stand beside each other: what lies between them is a tab.
    const site = word(COLUMN.site) || siteAt(bytes, start(COLUMN.distribution), end(COLUMN.host))
    const agent = agentAt(bytes, start(COLUMN.userAgent), end(COLUMN.userAgent))
    const isNobody = honourDoNotTrack && end(COLUMN.doNotTrack) > start(COLUMN.doNotTrack)
    const secFetchDest = word(COLUMN.secFetchDest)
    const isView =
      !isNobody &&
      // Most of what browsers ask for is no page, and all else needn't be looked up then.
      isWantedAsPage(secFetchDest) &&
      isPageView(
        {
          method: word(COLUMN.method),
          status: word(COLUMN.status),
          contentType: word(COLUMN.contentType),
          secFetchDest,
          secPurpose: word(COLUMN.secPurpose),
        },
        agent.isBot,
      )

    const { columns } = rows
    const valuesOf = (column: RowColumn) => (columns[AT[column]] as Column).values
    putNumber(valuesOf('time'), line.timeMs, 8)
    putAsItIs(columns, line)
    putText(valuesOf('site'), site)
    putText(valuesOf('network'), viewer.network)
    putNumber(valuesOf('asn'), (line.numbers[COLUMN.asn] as number) || viewer.asn, 4)
    const { low, high } = isNobody ? NOBODY : viewer.visitorWith(agent.text, salt)
    putNumber(valuesOf('visitor'), low, 4)
    putNumber(valuesOf('visitor'), high, 4)
    putNumber(valuesOf('is_bot'), agent.isBot ? 1 : 0, 1)
    putNumber(valuesOf('is_page_view'), isView ? 1 : 0, 1)
    rows.count += 1
    options.onSite?.(site)
    return undefined
  }
}

function putAsItIs(columns: readonly Column[], { bytes, starts, ends, numbers }: RecordLine): void {
  for (let index = 0; index < AS_IT_IS.length; index += 1) {
    const { to, from, type } = AS_IT_IS[index] as (typeof AS_IT_IS)[number]
    const { values, nulls } = columns[to] as Column
    const start = starts[from] as number
    const end = ends[from] as number
    if (type === 'String') putBytes(values, bytes, start, end)
    else putNumber(values, numbers[from] as number, type === 'UInt16' ? 2 : 8)
    if (type === 'Nullable(UInt64)') putNumber(nulls, start === end ? 1 : 0, 1)
  }
}

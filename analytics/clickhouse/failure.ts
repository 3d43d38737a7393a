import { ClickHouseError } from '@clickhouse/client'
import { ConfigError, SelvedgeError } from '../../edge/program/errors.ts'

/** The embedded ClickHouse can't open its directory. Thrown at start-up. */
export class DataDirectoryUnusable extends SelvedgeError {
  readonly code = 'SELVEDGE_DATA_DIRECTORY'
  readonly remedy: string

  /** @param holder pid of the process that has the directory open, when there is one */
  constructor(directory: string, holder: number | undefined, cause: unknown) {
    const reason = holder === undefined ? messageOf(cause) : `process ${holder} has it open`
    super(`data directory ${directory}: ${reason}`, { cause })
    this.remedy =
      holder === undefined
        ? 'Check that the directory can be written and the disk is not full, or choose another with --data.'
        : 'Stop that process, choose another directory with --data, or set CLICKHOUSE_URL to a ClickHouse ' +
          'server, which many can share.'
  }
}

/** Characters of a path that ClickHouse takes for a pattern of several. */
const PATTERN = /[*?{}]/

/** @throws ConfigError when rows could not come in by files there */
export function refusePattern(directory: string): void {
  if (!PATTERN.test(directory)) return
  throw new ConfigError(
    'data',
    `is ${directory}, which ClickHouse takes for a pattern`,
    'Choose a directory without `*`, `?`, `{` and `}` in its path.',
  )
}

/** A ClickHouse server was reached and doesn't let us work. Thrown at start-up. */
export class ClickHouseRefuses extends SelvedgeError {
  readonly code = 'SELVEDGE_CLICKHOUSE_REFUSES'
  readonly remedy =
    'Check user and password in `clickhouseUrl` (CLICKHOUSE_URL), and that the user may create ' +
    'the database `selvedge` and its tables.'

  constructor(cause: ClickHouseError) {
    super(`ClickHouse refuses: ${cause.type ?? cause.code}: ${firstLine(cause.message)}`, { cause })
  }
}

/** ClickHouse can't be had now. Whoever sent something keeps it and sends it again. */
export class ClickHouseDown extends SelvedgeError {
  readonly code = 'SELVEDGE_CLICKHOUSE_DOWN'
  override readonly status = 503
  override readonly publicMessage = 'ClickHouse takes nothing at the moment; send it again.'
  readonly remedy = 'Nothing is lost: edges keep what they log until ClickHouse is back. Check that it is up.'

  constructor(cause: unknown) {
    super(`ClickHouse: ${messageOf(cause)}`, { cause })
  }
}

/**
 * Whether ClickHouse understood the statement and found the rows themselves wrong: sending them again
 * would only fail again.
 */
export function isAboutRows(error: unknown): boolean {
  return error instanceof ClickHouseError && /^(CANNOT_PARSE|INCORRECT_DATA)/.test(error.type ?? '')
}

/** Answers of a server that is busy, full, starting or cut off from its peers. */
const PASSING =
  /TIMEOUT|TOO_MANY|MEMORY_LIMIT|KEEPER|NETWORK|SOCKET|NOT_ENOUGH_SPACE|READ_ONLY$|CONNECTION|CANCELLED/

/** Whether ClickHouse was reached and said no for a reason that waiting does not cure. */
export function isRefusal(error: unknown): error is ClickHouseError {
  return error instanceof ClickHouseError && !PASSING.test(error.type ?? '')
}

/** What went wrong, on one line. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join(', ')
  return firstLine(error instanceof Error ? error.message : String(error))
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]?.slice(0, 500) ?? ''
}

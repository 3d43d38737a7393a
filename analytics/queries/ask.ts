import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import { SelvedgeError } from '../../edge/program/errors.ts'
import { messageOf } from '../clickhouse/failure.ts'
import type { QueryClient } from '../clickhouse/query-pool.ts'
import { sqlFile } from '../clickhouse/sql-file.ts'

/** Files of this folder, and of those beside it, that hold one question each. */
export type QuestionName =
  | 'rankings'
  | 'ranked-so-far'
  | 'site-places'
  | 'days-published'
  | 'last-ranked-day'
  | 'site-usage'
  | 'site-ranks'
  | 'site-country-ranks'
  | 'ranked-places'
  | 'traffic-history'
  | 'referring-hosts'
  | 'sites-of-hosts'
  | 'published-rankings'
  | 'rank-history'
  | 'lists'
  | 'list-entries'
  | 'traffic'
  | 'visits'
  | 'crawlers'
  | 'site-traffic'
  | 'site-countries'
  | 'search'
  | 'live-traffic'
  | 'export-rankings'
  | 'ranks-computations'
  | 'site-details'
  | '../front-page/front-page'
  | '../reports/distributions'
  | '../reports/distribution-seen'
  | '../reports/distribution-traffic'
  | '../reports/popular-objects'
  | '../reports/top-referrers'
  | '../reports/viewer-agents'
  | '../reports/viewer-connections'
  | '../usage/usage-of-month'
  | '../usage/events-of-month'
  | '../usage/usage-by-day'
  | '../usage/usage-by-hour'
  | '../usage/usage-months'

/** Values of a question's `{name:Type}` parameters. They are bound, never part of the SQL. */
export type Parameters = Readonly<Record<string, string | number | readonly string[] | readonly number[]>>

/**
 * Puts a question to ClickHouse.
 *
 * @param row what a row of the answer must look like
 * @throws QueryFailed
 */
export type Ask = <Row>(question: QuestionName, row: z.ZodType<Row>, parameters: Parameters) => Promise<Row[]>

/** The log store gave no answer. Who asked may try again. */
export class QueryFailed extends SelvedgeError {
  readonly code = 'SELVEDGE_QUERY'
  override readonly status = 503
  override readonly publicMessage: string
  readonly remedy: string
  readonly retryAfterSeconds = 5

  private constructor(message: string, publicMessage: string, remedy: string, options?: ErrorOptions) {
    super(message, options)
    this.publicMessage = publicMessage
    this.remedy = remedy
  }

  static unanswered(question: string, cause: unknown): QueryFailed {
    return new QueryFailed(
      `${question}.sql: ${messageOf(cause)}`,
      'The figures can not be had right now.',
      'Check that ClickHouse is up; where the question took too long, its bounds are in the .sql file.',
      { cause },
    )
  }

  static tooManyWaiting(question: string): QueryFailed {
    return new QueryFailed(
      `${question}.sql: ${WAITING_MAX} questions are waiting already`,
      'Too many questions are being asked right now.',
      'Ask less often, or run more `analytics` programs in front of one ClickHouse.',
    )
  }
}

/** Questions under way at a time; more would wait longer than anybody does. */
const WAITING_MAX = 64

/** How long an answer is good for whoever asks the same, ms: a page asks a dozen things, and many open it. */
const REMEMBER_MS = 2_000

const REMEMBERED_MAX = 200

/**
 * Asks questions of ClickHouse through one client.
 *
 * The same question asked again while its answer is on its way, or up to 2 s after, is not put a
 * second time. Time and memory of each question are bounded in its SQL.
 */
export function createAsk(client: QueryClient): Ask {
  const answers = new LRUCache<string, Promise<unknown[]>>({ max: REMEMBERED_MAX })
  const readSql = sqlReader()
  let waiting = 0

  async function put(question: QuestionName, parameters: Parameters): Promise<unknown[]> {
    if (waiting >= WAITING_MAX) throw QueryFailed.tooManyWaiting(question)
    waiting += 1
    try {
      const query = await readSql(question)
      const result = await client.query({ query, query_params: { ...parameters }, format: 'JSONEachRow' })
      return await result.json()
    } catch (error) {
      throw QueryFailed.unanswered(question, error)
    } finally {
      waiting -= 1
    }
  }

  function putOnce(question: QuestionName, parameters: Parameters): Promise<unknown[]> {
    const key = JSON.stringify([question, parameters])
    const known = answers.get(key)
    if (known !== undefined) return known
    const answer = put(question, parameters)
    answers.set(key, answer)
    answer.then(
      () => answers.set(key, answer, { ttl: REMEMBER_MS }),
      () => answers.delete(key),
    )
    return answer
  }

  return async (question, row, parameters) => z.array(row).parse(await putOnce(question, parameters))
}

/** Reads the SQL of a question once; its comments would be read each time that it is asked. */
export function sqlReader(): (question: QuestionName) => Promise<string> {
  const texts = new Map<QuestionName, Promise<string>>()
  return (question) => {
    const text = texts.get(question) ?? sqlFile(import.meta.url, `${question}.sql`).then(withoutComments)
    texts.set(question, text)
    return text
  }
}

function withoutComments(sql: string): string {
  return sql.replace(/^ *--.*\n/gm, '')
}

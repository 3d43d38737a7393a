import { openClickHouse } from '../../analytics/clickhouse/connect.ts'

/** What a Selvedge left in its ClickHouse. */
export interface Stored {
  /** How often each request id is in the log. */
  times: Map<string, number>
  /** Hours of sites in the log, and those of which the rollup says something else. */
  hours: number
  hoursThatDiffer: number
}

const SUMS = `
  SELECT site, toStartOfHour(time) AS hour, country, toUInt64(count()) AS requests, sum(bytes_sent) AS bytes,
    countIf(is_page_view AND NOT is_bot) AS page_views, uniqIf(visitor, is_page_view AND NOT is_bot) AS visitors
  FROM selvedge.access_log GROUP BY site, hour, country`

const ROLLUP = `
  SELECT site, hour, country, sum(requests), sum(bytes), sum(page_views), uniqMerge(visitors)
  FROM selvedge.site_hour GROUP BY site, hour, country`

/** Reads it, from a directory that no process has open. */
export async function storedIn(data: string): Promise<Stored> {
  await using clickhouse = await openClickHouse({ data })
  async function rows<Row>(query: string): Promise<Row[]> {
    const result = await clickhouse.query.query({ query, format: 'JSONEachRow' })
    return await result.json<Row>()
  }
  const ids = await rows<{ id: string; times: number }>(
    'SELECT request_id AS id, toUInt32(count()) AS times FROM selvedge.access_log GROUP BY id',
  )
  const count = async (query: string) =>
    (await rows<{ rows: number }>(`SELECT toUInt32(count()) AS rows FROM (${query})`))[0]?.rows ?? 0
  const differ = (await count(`${SUMS} EXCEPT ${ROLLUP}`)) + (await count(`${ROLLUP} EXCEPT ${SUMS}`))
  return {
    times: new Map(ids.map(({ id, times }) => [id, times])),
    hours: await count(SUMS),
    hoursThatDiffer: differ,
  }
}

import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { openEmbedded } from './embedded.ts'
import { type Insert, insertBy } from './insert.ts'
import type { Layout } from './layout.ts'
import { firstFree, type QueryClient } from './query-pool.ts'

/** How many questions the embedded engine works on at a time: a slow one holds up no other. */
const QUERY_CLIENTS = 3

/** How long a server may take to answer, ms: as long as an edge waits for its acknowledgement. */
const ANSWER_MS_MAX = 30_000

/** And for a statement of the day's upkeep, which may read all of a day, ms. */
const UPKEEP_MS_MAX = 600_000

/**
 * ClickHouse, embedded or a server: nobody else needs to know which.
 *
 * Settings of a statement stand in its SQL. The clients' own `clickhouse_settings` must never be used:
 * the embedded engine keeps them for every later statement of that client.
 */
export interface ClickHouse extends AsyncDisposable {
  /** For migrations and what the collector asks, one at a time. */
  readonly ingest: ClickHouseClient
  /** Inserts many rows; one insert at a time. */
  readonly insert: Insert
  /** For questions; none waits for an insert. */
  readonly query: QueryClient
  /** For what is worked out again and again while people ask; no question waits for it. */
  readonly background: ClickHouseClient
  /** For what is worked out once a day; nobody waits for it. */
  readonly upkeep: ClickHouseClient
  readonly layout: Layout
  /** Whether it runs in this process, and so is never away. */
  readonly embedded: boolean
}

/** Where ClickHouse is. */
export interface ClickHouseAt {
  /** Directory of the embedded one. */
  data: string
  /** A server, which then is used instead. */
  clickhouseUrl?: string | undefined
  /** The cluster that the server belongs to: see layout.ts. */
  clickhouseCluster?: string | undefined
}

/**
 * Opens the embedded ClickHouse, or makes clients of a server, which isn't asked anything yet.
 *
 * @throws ConfigError when there is neither
 * @throws DataDirectoryUnusable
 */
export async function openClickHouse(at: ClickHouseAt): Promise<ClickHouse> {
  const { data, clickhouseUrl, clickhouseCluster } = at
  if (clickhouseUrl !== undefined) return connectServer(clickhouseUrl, { cluster: clickhouseCluster })
  const open = await openEmbedded(data)
  const { client: ingest } = open()
  const { client: inserting, insert } = open()
  const { client: background } = open()
  const { client: upkeep } = open()
  const askers = Array.from({ length: QUERY_CLIENTS }, () => open().client)
  const query = firstFree(askers)
  return {
    ingest,
    insert,
    query,
    background,
    upkeep,
    layout: {},
    embedded: true,
    async [Symbol.asyncDispose]() {
      await query.idle()
      await Promise.all([ingest, inserting, background, upkeep, ...askers].map((client) => client.close()))
    },
  }
}

function connectServer(url: string, layout: Layout): ClickHouse {
  const connect = (answerMsMax: number) =>
    createClient({ url, request_timeout: answerMsMax, log: { level: ClickHouseLogLevel.OFF } })
  const ingest = connect(ANSWER_MS_MAX)
  const query = connect(ANSWER_MS_MAX)
  const background = connect(UPKEEP_MS_MAX)
  const upkeep = connect(UPKEEP_MS_MAX)
  return {
    ingest,
    insert: insertBy(ingest),
    query,
    background,
    upkeep,
    layout,
    embedded: false,
    async [Symbol.asyncDispose]() {
      await Promise.all([ingest, query, background, upkeep].map((client) => client.close()))
    },
  }
}

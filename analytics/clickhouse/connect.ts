import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { openEmbedded } from './embedded.ts'
import { leastBusy, type QueryClient } from './query-pool.ts'

/** How many questions the embedded engine works on at a time: a slow one holds up no other. */
const QUERY_CLIENTS = 3

/** How long a server may take to answer, ms: as long as an edge waits for its acknowledgement. */
const ANSWER_MS_MAX = 30_000

/**
 * ClickHouse, embedded or a server: nobody else needs to know which.
 *
 * Settings of a statement stand in its SQL. The clients' own `clickhouse_settings` must never be used:
 * the embedded engine keeps them for every later statement of that client.
 */
export interface ClickHouse extends AsyncDisposable {
  /** For migrations and inserts, one at a time. */
  readonly ingest: ClickHouseClient
  /** For questions; none waits for an insert. */
  readonly query: QueryClient
  /** Whether it runs in this process, and so is never away. */
  readonly embedded: boolean
}

/** Where ClickHouse is. */
export interface ClickHouseAt {
  /** Directory of the embedded one. */
  data: string
  /** A server, which then is used instead. */
  clickhouseUrl?: string | undefined
}

/**
 * Opens the embedded ClickHouse, or makes clients of a server, which isn't asked anything yet.
 *
 * @throws ConfigError when there is neither
 * @throws DataDirectoryUnusable
 */
export async function openClickHouse({ data, clickhouseUrl }: ClickHouseAt): Promise<ClickHouse> {
  if (clickhouseUrl !== undefined) return connectServer(clickhouseUrl)
  const openClient = await openEmbedded(data)
  const ingest = openClient()
  const askers = Array.from({ length: QUERY_CLIENTS }, openClient)
  const query = leastBusy(askers)
  return {
    ingest,
    query,
    embedded: true,
    async [Symbol.asyncDispose]() {
      await query.idle()
      await Promise.all([ingest, ...askers].map((client) => client.close()))
    },
  }
}

function connectServer(url: string): ClickHouse {
  const connect = () =>
    createClient({ url, request_timeout: ANSWER_MS_MAX, log: { level: ClickHouseLogLevel.OFF } })
  const ingest = connect()
  const query = connect()
  return {
    ingest,
    query,
    embedded: false,
    async [Symbol.asyncDispose]() {
      await Promise.all([ingest.close(), query.close()])
    },
  }
}

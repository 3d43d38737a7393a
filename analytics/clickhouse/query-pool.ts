import type { ClickHouseClient, DataFormat, ExecParams, QueryParams } from '@clickhouse/client'

/** All that is needed to ask ClickHouse. */
export type QueryClient = Pick<ClickHouseClient, 'query' | 'exec'>

/** Several clients that ask as one. */
export interface QueryPool extends QueryClient {
  /** Resolves when no query is under way; a client closed under a query would take the process with it. */
  idle(): Promise<void>
}

/**
 * Puts each query to the client that has fewest under way.
 *
 * For the embedded engine, whose clients run one query at a time and have the whole answer when
 * `query` or `exec` resolves.
 */
export function leastBusy(clients: readonly ClickHouseClient[]): QueryPool {
  const queues = clients.map((client) => ({ client, underWay: 0 }))
  const running = new Set<Promise<unknown>>()

  async function put<Answer>(to: (client: ClickHouseClient) => Promise<Answer>): Promise<Answer> {
    const queue = queues.reduce((least, other) => (other.underWay < least.underWay ? other : least))
    queue.underWay += 1
    const answer = to(queue.client)
    running.add(answer)
    try {
      return await answer
    } finally {
      running.delete(answer)
      queue.underWay -= 1
    }
  }

  return {
    query: <Format extends DataFormat = 'JSON'>(params: Omit<QueryParams, 'format'> & { format?: Format }) =>
      put((client) => client.query<Format>(params)),
    exec: (params: ExecParams) => put((client) => client.exec(params)),
    async idle() {
      await Promise.allSettled(running)
    },
  }
}

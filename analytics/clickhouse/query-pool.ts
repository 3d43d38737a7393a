import type { ClickHouseClient, CommandParams, DataFormat, ExecParams, QueryParams } from '@clickhouse/client'

/** All that is needed to ask ClickHouse. */
export type QueryClient = Pick<ClickHouseClient, 'query' | 'exec' | 'command'>

/** Several clients that ask as one. */
export interface QueryPool extends QueryClient {
  /** Resolves when no query is under way; a client closed under a query would take the process with it. */
  idle(): Promise<void>
}

/**
 * Puts each query to a client that has none under way, or to the first that is done: a query waits only while all are
 * busy, never behind a slow one while others are free.
 *
 * For the embedded engine, whose clients run one query at a time and have the whole answer when
 * `query` or `exec` resolves.
 */
export function firstFree(clients: readonly ClickHouseClient[]): QueryPool {
  const free = [...clients]
  const waiting: ((client: ClickHouseClient) => void)[] = []
  const running = new Set<Promise<unknown>>()

  function take(): Promise<ClickHouseClient> {
    const client = free.pop()
    return client === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(client)
  }

  function giveBack(client: ClickHouseClient): void {
    const first = waiting.shift()
    if (first === undefined) free.push(client)
    else first(client)
  }

  async function put<Answer>(to: (client: ClickHouseClient) => Promise<Answer>): Promise<Answer> {
    const client = await take()
    const answer = to(client)
    running.add(answer)
    try {
      return await answer
    } finally {
      running.delete(answer)
      giveBack(client)
    }
  }

  return {
    query: <Format extends DataFormat = 'JSON'>(params: Omit<QueryParams, 'format'> & { format?: Format }) =>
      put((client) => client.query<Format>(params)),
    command: (params: CommandParams) => put((client) => client.command(params)),
    exec: (params: ExecParams) => put((client) => client.exec(params)),
    async idle() {
      while (free.length < clients.length) await Promise.allSettled(running)
    },
  }
}

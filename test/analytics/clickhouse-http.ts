import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import type { ClickHouseError } from '@clickhouse/client'
import { type EmbeddedConnection, openEmbedded } from '../../analytics/clickhouse/embedded.ts'
import { isNative } from '../../analytics/clickhouse/insert.ts'

/**
 * ClickHouse's HTTP interface, as much of it as a client of ours uses, over the embedded engine:
 * `POST /?query=…` with the data in the body, or the statement in the body; `param_NAME` for bound
 * parameters; user and password; the engine's errors with their code.
 */
export interface ClickHouseServer extends AsyncDisposable {
  /** With user and password. */
  readonly url: string
  /** Statements that were run, oldest first. */
  readonly statements: string[]
  /** Settings that came as URL parameters; a client that sets any would leak them in the embedded engine. */
  readonly settings: Set<string>
  /** Cuts all connections and takes no new ones. */
  stop(): Promise<void>
  /** Listens again, on the same port. */
  start(): Promise<void>
}

const USER = 'selvedge'
const PASSWORD = 'p@ss word'

/** What is no setting among the URL's parameters. */
const ADDRESSING = ['query', 'query_id', 'database', 'session_id']

export async function startClickHouseServer(directory: string): Promise<ClickHouseServer> {
  const open = await openEmbedded(directory)
  const connections: EmbeddedConnection[] = []
  const statements: string[] = []
  const settings = new Set<string>()

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const bytes = await bytesOf(request)
    if (request.headers.authorization !== `Basic ${btoa(`${USER}:${PASSWORD}`)}`) {
      return fail(response, 401, 516, 'selvedge: Authentication failed. (AUTHENTICATION_FAILED)')
    }
    const { searchParams } = new URL(request.url ?? '', 'http://clickhouse')
    for (const name of searchParams.keys()) {
      if (!ADDRESSING.includes(name) && !name.startsWith('param_')) settings.add(name)
    }
    const inUrl = searchParams.get('query')
    const query = inUrl ?? bytes.toString()
    statements.push(query)
    // A client runs one statement at a time; a server does not.
    const connection = connections.pop() ?? open()
    try {
      const stream = await run(connection, searchParams, bytes)
      response.writeHead(200, { 'X-ClickHouse-Summary': '{}' })
      stream.pipe(response)
    } catch (error) {
      const { code, type, message } = error as ClickHouseError
      fail(response, 500, Number(code), `${message} (${type})`)
    } finally {
      connections.push(connection)
    }
  }

  const server = createServer(answer)
  const listen = async (port: number) => {
    server.listen({ host: '127.0.0.1', port })
    await once(server, 'listening')
  }
  const stop = async () => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
  await listen(0)
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${USER}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/`,
    statements,
    settings,
    stop,
    start: () => listen(port),
    async [Symbol.asyncDispose]() {
      await stop()
      await Promise.all(connections.map(({ client }) => client.close()))
    },
  }
}

/** @returns the answer */
async function run(
  { client, insert }: EmbeddedConnection,
  parameters: URLSearchParams,
  body: Buffer,
): Promise<Readable> {
  const query = parameters.get('query')
  if (query !== null && isNative(query)) {
    await insert(query, [body])
    return Readable.from([])
  }
  const bound = [...parameters].filter(([name]) => name.startsWith('param_'))
  const { stream } = await client.exec({
    query: query ?? body.toString(),
    ...(query !== null && { values: [body.toString()] as never }),
    ...(bound.length > 0 && {
      query_params: Object.fromEntries(bound.map(([name, value]) => [name.slice(6), value])),
    }),
  })
  return stream
}

function fail(response: ServerResponse, status: number, code: number, message: string): void {
  response.writeHead(status, { 'X-ClickHouse-Exception-Code': code })
  response.end(`Code: ${code}. DB::Exception: ${message}\n`)
}

async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}

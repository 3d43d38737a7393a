import { createServer } from 'node:http'
import handleConfig from 'http-cache-tests/server/handle-config.mjs'
import handleState from 'http-cache-tests/server/handle-state.mjs'
import handleTest from 'http-cache-tests/server/handle-test.mjs'
import { listening } from './listening.ts'

/**
 * The suite's own origin: its handlers behind a server of ours, because its server listens on every
 * address of the machine and on a port that has to be named.
 *
 * @returns base URL
 */
export function startOrigin(parts: AsyncDisposableStack): Promise<string> {
  const handlers = new Map([
    ['config', handleConfig],
    ['state', handleState],
    ['test', handleTest],
  ])
  const server = createServer((request, response) => {
    const [, area = '', ...rest] = new URL(request.url ?? '/', 'http://suite').pathname.split('/')
    const handle = handlers.get(area)
    if (handle !== undefined) handle(rest, request, response)
    else response.writeHead(404).end()
  })
  return listening(server, parts)
}

/** The parts of the suite and of its HTTP client that the run uses; neither brings types. */

declare module 'http-cache-tests/tests/*.mjs' {
  const suites: unknown
  export default suites
}

declare module 'http-cache-tests/client/runner.mjs' {
  export function runTests(
    suites: unknown,
    fetch: unknown,
    browserCache: boolean,
    baseUrl: string,
    chunkSize?: number,
  ): Promise<void>
  /** By test id: `true`, or the error's name and message. */
  export function getResults(): Record<string, true | [name: string, message: string]>
}

declare module 'http-cache-tests/server/*.mjs' {
  import type { IncomingMessage, ServerResponse } from 'node:http'
  export default function handle(path: string[], request: IncomingMessage, response: ServerResponse): void
}

declare module 'node-fetch' {
  const fetch: unknown
  export default fetch
}

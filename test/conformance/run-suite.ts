/**
 * One run of the suite against one arrangement, in a process of its own: the suite keeps its results in
 * module state, and logs to standard output. `main.ts` starts it and is sent the results.
 *
 *     node test/conformance/run-suite.ts house [ID…]   these tests alone, with all their messages
 */
import { getResults, runTests } from 'http-cache-tests/client/runner.mjs'
import fetch from 'node-fetch'
import { type Arrangement, startArrangement } from './arrangements.ts'
import { startOrigin } from './origin.ts'
import { SUITES } from './suite.ts'

/** Tests that are under way at once; nearly all of their time they wait for something to grow stale. */
const AT_ONCE = 400

const [arrangement = 'house', ...ids] = process.argv.slice(2)

await using parts = new AsyncDisposableStack()
const base = await startArrangement(arrangement as Arrangement, await startOrigin(parts), parts)
const chosen = SUITES.map((suite) => ({
  ...suite,
  tests: suite.tests
    .filter((test) => ids.length === 0 || ids.includes(test.id))
    .map((test) => ({ ...test, dump: ids.length > 0 })),
}))
await runTests(chosen, fetch, false, base, AT_ONCE)
if (process.send === undefined) process.stdout.write(`${JSON.stringify(getResults(), undefined, 2)}\n`)
else process.send(getResults())

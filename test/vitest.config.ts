import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    include: ['test/**/*.test.ts'],
    // One process a file: the embedded ClickHouse allows one data directory a process.
    pool: 'forks',
    // Tests wait more than they compute: for flushes, restarts, a browser.
    maxWorkers: 3,
    // Long, for a test with two pages in a browser on a machine that is busy: only what hangs takes so long.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // It looks again until then: only what never comes takes that long, and a browser may take over a second to start.
    expect: { poll: { timeout: 15_000 } },
  },
})

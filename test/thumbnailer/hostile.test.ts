import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const MAIN = fileURLToPath(new URL('../show/hostile/main.ts', import.meta.url))

interface Row {
  page: string
  outcome: string
  canaryHits: number
  hitsUnguarded: number
  provesKit: boolean
}

/** In a process of its own, which goes on in a network of its own where that can be. */
async function runKit(): Promise<Row[]> {
  const run = promisify(execFile)(process.execPath, [MAIN, '--short', '--json'], { timeout: 400_000 })
  const { stdout } = await run
  return (JSON.parse(stdout) as { rows: Row[] }).rows
}

test('no page of the hostile kit gets inside, and without the walls they do', async () => {
  const rows = await runKit()

  expect(rows.length).toBeGreaterThan(50)
  expect(rows.filter(({ canaryHits }) => canaryHits > 0)).toEqual([])
  expect(rows.filter(({ outcome }) => outcome.startsWith('error'))).toEqual([])
  const proven = rows.filter(({ provesKit, hitsUnguarded }) => provesKit && hitsUnguarded > 0)
  expect(proven.length).toBeGreaterThan(35)
}, 420_000)

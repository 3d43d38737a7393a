/**
 * `npm run show:fuzz`: 10,000 fuzzed batches to the real collector. Is everything stored, rejected or refused
 * with a clear error, and is nothing run that stands in a field?
 *
 * `npm run show:fuzz -- 500`: so many.
 */
import { once } from 'node:events'
import { directory, forkAnalytics, settingsBut } from '../analytics/analytics.ts'
import { fuzzedStore } from '../analytics/fuzzed-store.ts'
import { sendFuzzed } from '../analytics/fuzzing.ts'

const BATCHES = Number(process.argv[2] ?? 10_000)

await using data = await directory()
const settings = await settingsBut({ data: data.path })
const program = await forkAnalytics(settings)
const collector = `http://127.0.0.1:${settings.collector.port}`
const { answers, linesTaken, unclear } = await sendFuzzed(collector, BATCHES, {
  now: Date.now,
  onSent: (sent) => {
    const [before, every, after] = process.stderr.isTTY ? ['\r\x1b[K', 100, ''] : ['', 1_000, '\n']
    if (sent % every === 0) process.stderr.write(`${before}${sent} of ${BATCHES} batches${after}`)
  },
})
const alive = program.exitCode === null && (await fetch(`${collector}/healthz`)).ok
program.kill('SIGTERM')
await once(program, 'exit')

const { stored, rejected, inRollup, hostile, tables } = await fuzzedStore(data.path)
for (const [kind, byAnswer] of answers) {
  const told = [...byAnswer].map(([answer, count]) => `${count} × ${answer}`)
  process.stdout.write(`${kind.padEnd(36)} ${told.join(', ')}\n`)
}
const injected = tables.filter((name) => name.includes('injected')).length
process.stdout.write(
  `${BATCHES} batches, ${alive ? 'the collector lives' : 'the collector died'}, ` +
    `${unclear.length} answers that are no clear error\n` +
    `${linesTaken} lines taken: ${stored} stored (${inRollup} in the rollup), ${rejected} rejected, ` +
    `${linesTaken - stored - rejected} missing\n` +
    `${hostile} lines with SQL kept word for word, ${tables.length} tables, ${injected} injected\n`,
)
for (const answer of unclear.slice(0, 10)) process.stdout.write(`unclear: ${answer}\n`)
const isRight = alive && unclear.length === 0 && linesTaken === stored + rejected && inRollup === stored
process.exitCode = isRight && injected === 0 && hostile > 0 ? 0 : 1

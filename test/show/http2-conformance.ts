/**
 * `npm run show:http2-conformance`: what RFC 9113, RFC 9218, RFC 8441 and RFC 7541 say a server must do, a case for
 * each sentence, over TLS with frames written by hand. Prints how many there are of each section, and how many hold.
 *
 * `npm run show:http2-conformance -- node`: of node:http2, with what comes of those that don't hold.
 * `npm run show:http2-conformance -- own bytes`: the short ones, with every byte in a TLS record of its own.
 */
import type { Http2Use } from '../../edge/listen/settings.ts'
import { type Case, runCase } from '../edge/http2/case.ts'
import { CASES as ALL, chapterOf, isShort } from '../edge/http2/cases.ts'
import { warmFront } from '../edge/http2/fronts.ts'
import { knownOfNode } from '../edge/http2/known-of-node.ts'

const http2 = (process.argv[2] ?? 'own') as Http2Use
const isByteByByte = process.argv[3] === 'bytes'
const CASES = isByteByByte ? ALL.filter(isShort) : ALL

await using front = await warmFront(http2)

const held = new Map<string, number>()
const failed: { case: Case; error: string }[] = []
for (const one of CASES) {
  const error = await runCase(front.port, one, { isByteByByte }).then(
    () => undefined,
    (reason: Error) => reason.message,
  )
  if (error === undefined) held.set(chapterOf(one), (held.get(chapterOf(one)) ?? 0) + 1)
  else failed.push({ case: one, error })
}

const chapters = [...new Set(CASES.map(chapterOf))]
process.stdout.write(`${'section'.padEnd(12)}${'cases'.padStart(6)}${'hold'.padStart(6)}\n`)
for (const chapter of chapters) {
  const cases = CASES.filter((one) => chapterOf(one) === chapter).length
  const row = `${String(cases).padStart(6)}${String(held.get(chapter) ?? 0).padStart(6)}`
  process.stdout.write(`${chapter.padEnd(12)}${row}\n`)
}
for (const { case: one, error } of failed) {
  const known = http2 === 'node' ? knownOfNode(one) : undefined
  process.stdout.write(`${one.section} ${one.says}\n    ${known ?? error.slice(0, 300)}\n`)
}
process.stdout.write(`http2: ${http2}: ${CASES.length - failed.length} of ${CASES.length} cases hold\n`)
process.exitCode = http2 === 'own' && failed.length > 0 ? 1 : 0

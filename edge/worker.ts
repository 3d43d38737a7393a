/** One worker of the edge: answers viewers. `main.ts` starts several, which share the ports. */
import { assembleWorker } from './assemble.ts'
import { followFirstProcess } from './invalidation/first-process.ts'
import { followKeyring } from './listen/tls/hand-out.ts'
import { runProgram } from './program/run.ts'
import { edgeSettings } from './settings.ts'

await runProgram('edge worker', edgeSettings, async (starting) => {
  await assembleWorker(starting, Date.now, await followFirstProcess(), 'on', await followKeyring())
})

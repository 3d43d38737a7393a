/** One worker of the edge: answers viewers. `main.ts` starts several, which share the ports. */
import { assembleWorker } from './assemble.ts'
import { followFirstProcess } from './invalidation/first-process.ts'
import { inheritedPorts } from './listen/held-ports.ts'
import { followKeyring } from './listen/tls/hand-out.ts'
import { runProgram } from './program/run.ts'
import { edgeSettings, viewerPorts, workerStopMsMax } from './settings.ts'

await runProgram({
  name: 'edge worker',
  schema: edgeSettings,
  async start(starting) {
    const inherited = inheritedPorts(viewerPorts(starting.settings).map(({ port }) => port))
    const first = await followFirstProcess()
    const keyring = await followKeyring()
    const { retire } = await assembleWorker(starting, Date.now, first, 'on', keyring, inherited)
    return { retire }
  },
  stopMsMax: workerStopMsMax,
})

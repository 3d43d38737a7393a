/**
 * The router: sends each viewer to the nearest edge that is alive, by DNS or by redirect. It needs nothing of the
 * edges but their `/readyz`.
 */
import { runProgram } from '../program/run.ts'
import { assembleRouter } from './assemble-router.ts'
import { routerOptions } from './router-options.ts'
import { routerSettings } from './settings.ts'

await runProgram({
  name: 'router',
  schema: routerSettings,
  settingsByHand: () => routerOptions(process.argv.slice(2)),
  start: (starting) => assembleRouter(starting),
})

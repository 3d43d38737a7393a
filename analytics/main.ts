/**
 * Analytics: takes in what the edges logged, keeps it in ClickHouse, and answers who has the most traffic.
 * With the name of a command (`npm run analytics -- key …`) it does only that.
 */
import { runProgram } from '../edge/program/run.ts'
import { assembleAnalytics } from './assemble.ts'
import { runCommand } from './command-line.ts'
import { analyticsSettings } from './settings.ts'

const argv = process.argv.slice(2)

if (isProgram()) {
  await runProgram({
    name: 'analytics',
    schema: analyticsSettings,
    async start(starting) {
      await assembleAnalytics(starting)
      return {}
    },
  })
} else {
  process.exitCode = await runCommand(argv)
}

/** Forked by `npm start`, or by hand with `--settings FILE`. */
function isProgram(): boolean {
  return process.send !== undefined || argv.some((argument) => /^--settings(=|$)/.test(argument))
}

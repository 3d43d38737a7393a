/**
 * Analytics: takes in what the edges logged, keeps it in ClickHouse, and answers who has the most traffic.
 */
import { runProgram } from '../edge/program/run.ts'
import { assembleAnalytics } from './assemble.ts'
import { analyticsSettings } from './settings.ts'

await runProgram({
  name: 'analytics',
  schema: analyticsSettings,
  async start(starting) {
    await assembleAnalytics(starting)
    return {}
  },
})

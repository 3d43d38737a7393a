/**
 * The origin shield: one more cache behind all edges, and the only program that knows the origins and
 * their secrets.
 */
import { runProgram } from '../edge/program/run.ts'
import { assembleShield } from './assemble.ts'
import { shieldSettings } from './settings.ts'

await runProgram({
  name: 'origin-shield',
  schema: shieldSettings,
  start: (starting) => assembleShield(starting),
})

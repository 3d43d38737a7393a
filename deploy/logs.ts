import { PassThrough, type Writable } from 'node:stream'
import { build } from 'pino-pretty'
import { ConfigError } from '../edge/program/errors.ts'

const LEVELS = ['debug', 'info', 'warn', 'error'] as const

/** Where all programs' log lines go: standard error, as text for a person's terminal, else as JSON lines. */
export function logLines(): Writable {
  const lines = new PassThrough()
  if (process.stderr.isTTY) {
    lines.pipe(
      build({ destination: 2, ignore: 'pid,hostname,node', translateTime: 'SYS:HH:MM:ss', singleLine: true }),
    )
  } else lines.pipe(process.stderr)
  // Every program writes here, for as long as it lives.
  lines.setMaxListeners(0)
  return lines
}

/** @throws ConfigError for a level that there isn't */
export function levelOf(given: string | undefined): (typeof LEVELS)[number] {
  const level = LEVELS.find((one) => one === (given ?? 'warn'))
  if (level !== undefined) return level
  throw new ConfigError('--log-level', `there is no level ${given}`, `Allowed: ${LEVELS.join(', ')}.`)
}

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { HOST } from './contender.ts'
import { pinned } from './processes.ts'
import { findTool, ToolMissing } from './tools.ts'

/** What is asked for, and how. */
export interface Scenario {
  name: string
  path: string
  bodyBytes: number
  connections: number
}

/** What wrk says of a run. */
export interface LoadReport {
  requests: number
  requestsPerSecond: number
  /** Latency that half, and 99 of 100, of the requests stayed within, ms. */
  p50Ms: number
  p99Ms: number
}

/** wrk from Debian, one thread on one core. @throws ToolMissing */
export function wrkOn(
  core: number,
): (port: number, scenario: Scenario, seconds: number) => Promise<LoadReport> {
  const wrk = findTool('wrk')
  if (wrk === undefined) throw new ToolMissing('wrk', 'which makes the load', 'wrk')
  return async (port, { path, connections }, seconds) => {
    const [program = '', ...args] = pinned(core, [
      wrk,
      '--threads=1',
      `--connections=${connections}`,
      `--duration=${seconds}s`,
      '--latency',
      `--header=Host: ${HOST}`,
      `http://127.0.0.1:${port}${path}`,
    ])
    const { stdout } = await promisify(execFile)(program, args, { timeout: (seconds + 10) * 1000 })
    return readReport(stdout)
  }
}

const MS_PER_UNIT = { us: 0.001, ms: 1, s: 1_000, m: 60_000 }

/**
 * Reads wrk's report.
 *
 * @throws when it names errors, or answers other than 2xx and 3xx: their speed is none
 */
export function readReport(text: string): LoadReport {
  const trouble = /^\s*(Socket errors: .*|Non-2xx or 3xx responses: .*)$/m.exec(text)
  if (trouble !== null) throw new Error(`wrk met failures, so its figures are worth nothing. ${trouble[1]}`)
  return {
    requests: figure(text, /(\d+) requests in /),
    requestsPerSecond: figure(text, /Requests\/sec:\s+([\d.]+)/),
    p50Ms: duration(text, /^\s*50%\s+([\d.]+)(us|ms|s|m)$/m),
    p99Ms: duration(text, /^\s*99%\s+([\d.]+)(us|ms|s|m)$/m),
  }
}

function figure(text: string, pattern: RegExp): number {
  const found = pattern.exec(text)?.[1]
  if (found === undefined) throw new Error(`wrk's report has nothing like ${pattern}:\n${text}`)
  return Number(found)
}

function duration(text: string, pattern: RegExp): number {
  const unit = pattern.exec(text)?.[2] as keyof typeof MS_PER_UNIT | undefined
  return figure(text, pattern) * (unit === undefined ? Number.NaN : MS_PER_UNIT[unit])
}

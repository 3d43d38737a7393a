import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { HOST } from '../contenders/contender.ts'
import { pinned } from '../processes.ts'
import type { Ask, H2loadPlan } from '../scenarios.ts'
import { findTool, ToolMissing } from '../tools.ts'
import { figure, type Load, type LoadReport } from './report.ts'

/**
 * Windows of a stream and of the connection, as exponents of two: 8 and 16 MB, the powers next to what Chromium
 * opens (6 and 15 MB). Large bodies wait for nobody's acknowledgement then, and windows are opened anew as by a browser.
 */
const WINDOW_BITS = { stream: 23, connection: 24 }

/** h2load of nghttp2, one thread on one core, over TLS. @throws ToolMissing */
export function h2loadOn(
  asks: Ask,
  { connections, streams }: Omit<H2loadPlan, 'by'>,
  { core }: { core: number },
): Load {
  const h2load = findTool('h2load')
  if (h2load === undefined)
    throw new ToolMissing('h2load', 'which makes the load of HTTP/2', 'nghttp2-client')
  return async ({ ports, seconds }) => {
    const [program = '', ...args] = pinned(core, [
      h2load,
      '--threads=1',
      `--clients=${connections}`,
      `--max-concurrent-streams=${streams}`,
      `--duration=${seconds}`,
      `--window-bits=${WINDOW_BITS.stream}`,
      `--connection-window-bits=${WINDOW_BITS.connection}`,
      '--npn-list=h2',
      '--tls13-ciphers=TLS_AES_128_GCM_SHA256',
      `--connect-to=127.0.0.1:${ports.https}`,
      ...Object.entries(asks.headers ?? {}).map(([name, value]) => `--header=${name}: ${value}`),
      `https://${HOST}${asks.path}`,
    ])
    const { stdout } = await promisify(execFile)(program, args, { timeout: (seconds + 10) * 1000 })
    return readH2loadReport(stdout)
  }
}

/**
 * Reads h2load's report. It tells no quantiles of the latency.
 *
 * @throws when requests failed, or were answered other than with 2xx and 3xx: their speed is none
 */
export function readH2loadReport(text: string): LoadReport {
  const failed = figure(text, /^requests: .* (\d+) failed,/m)
  const refused = figure(text, /^status codes: .* (\d+) 4xx,/m) + figure(text, /^status codes: .* (\d+) 5xx/m)
  if (failed + refused > 0)
    throw new Error(`h2load met ${failed} failures and ${refused} errors, so its figures are worth nothing`)
  return {
    requests: figure(text, /^requests: .* (\d+) succeeded,/m),
    requestsPerSecond: figure(text, /^finished in .*, ([\d.]+) req\/s/m),
    p50Ms: Number.NaN,
    p99Ms: Number.NaN,
  }
}

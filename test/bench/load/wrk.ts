import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { HOST } from '../contenders/contender.ts'
import { pinned } from '../processes.ts'
import { type Ask, NUMBER, type WrkPlan } from '../scenarios.ts'
import { findTool, ToolMissing } from '../tools.ts'
import { figure, type Load, type LoadReport } from './report.ts'
import { writeZipfPaths } from './zipf.ts'

/** All loads have the cipher that the peers are set up with, whatever a server would choose. */
const OPENSSL_CONF = `openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = tls
[tls]
Ciphersuites = TLS_AES_128_GCM_SHA256
`

/** wrk from Debian, one thread on one core. @throws ToolMissing */
export function wrkOn(
  asks: Ask,
  { connections, paths }: Omit<WrkPlan, 'by'>,
  { core, folder }: { core: number; folder: string },
): Load {
  const wrk = findTool('wrk')
  if (wrk === undefined) throw new ToolMissing('wrk', 'which makes the load', 'wrk')
  const zipfPaths = paths === 'zipf' ? writeZipfPaths(folder) : undefined
  const opensslConf = join(folder, 'openssl.cnf')
  writeFileSync(opensslConf, OPENSSL_CONF)
  return async ({ ports, seconds, from }) => {
    const origin =
      asks.over === 'https' ? `https://127.0.0.1:${ports.https}` : `http://127.0.0.1:${ports.http}`
    const script =
      zipfPaths === undefined ? numbered(asks, from) : { file: 'paths.lua', args: [zipfPaths, from] }
    const [program = '', ...args] = pinned(core, [
      wrk,
      '--threads=1',
      `--connections=${connections}`,
      `--duration=${seconds}s`,
      '--latency',
      ...Object.entries({ Host: HOST, ...asks.headers }).map(([name, value]) => `--header=${name}: ${value}`),
      ...(script === undefined ? [] : [`--script=${fileURLToPath(new URL(script.file, import.meta.url))}`]),
      `${origin}${asks.path}`,
      ...(script === undefined ? [] : ['--', ...script.args.map(String)]),
    ])
    const { stdout } = await promisify(execFile)(program, args, {
      timeout: (seconds + 10) * 1000,
      env: { ...process.env, OPENSSL_CONF: opensslConf },
    })
    return readWrkReport(stdout)
  }
}

function numbered({ path, headers = {} }: Ask, from: number): { file: string; args: number[] } | undefined {
  const isNumbered = [path, ...Object.values(headers)].some((text) => text.includes(NUMBER))
  return isNumbered ? { file: 'numbered.lua', args: [from] } : undefined
}

const MS_PER_UNIT = { us: 0.001, ms: 1, s: 1_000, m: 60_000 }

/**
 * Reads wrk's report.
 *
 * @throws when it names errors, or answers other than 2xx and 3xx: their speed is none
 */
export function readWrkReport(text: string): LoadReport {
  const trouble = /^\s*(Socket errors: .*|Non-2xx or 3xx responses: .*)$/m.exec(text)
  if (trouble !== null) throw new Error(`wrk met failures, so its figures are worth nothing. ${trouble[1]}`)
  return {
    requests: figure(text, /(\d+) requests in /),
    requestsPerSecond: figure(text, /Requests\/sec:\s+([\d.]+)/),
    p50Ms: duration(text, /^\s*50%\s+([\d.]+)(us|ms|s|m)\s*$/m),
    p99Ms: duration(text, /^\s*99%\s+([\d.]+)(us|ms|s|m)\s*$/m),
  }
}

function duration(text: string, pattern: RegExp): number {
  const unit = pattern.exec(text)?.[2] as keyof typeof MS_PER_UNIT | undefined
  return figure(text, pattern) * (unit === undefined ? Number.NaN : MS_PER_UNIT[unit])
}

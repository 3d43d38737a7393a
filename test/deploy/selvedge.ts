import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../free-port.ts'

const STANDALONE = new URL('../../deploy/standalone.ts', import.meta.url).pathname

/** `npm start` as a process of its own, on ports and with data of its own. */
export interface Selvedge extends AsyncDisposable {
  process: ChildProcess
  httpPort: number
  httpsPort: number
  apiPort: number
  data: string
  /** What it has printed so far. */
  stdout(): string
  stderr(): string
  /** Ends it as Ctrl-C does. @returns its exit status */
  stop(signal?: 'SIGINT' | 'SIGTERM'): Promise<number | null>
}

/**
 * Starts it and waits until it says that it is ready, or has ended.
 *
 * @param overruling options that come after those for ports and data, and so overrule them
 */
export async function startSelvedge(
  argv: readonly string[],
  overruling: readonly string[] = [],
): Promise<Selvedge> {
  const data = await mkdtemp(join(tmpdir(), 'selvedge-'))
  const [httpPort, httpsPort, apiPort] = [await freePort(), await freePort(), await freePort()]
  const ports = ['--http-port', httpPort, '--https-port', httpsPort, '--api-port', apiPort].map(String)
  const child = spawn(process.execPath, [STANDALONE, ...argv, ...ports, '--data', data, ...overruling], {
    env: { ...process.env, CLICKHOUSE_URL: undefined },
  })
  let out = ''
  let err = ''
  const ended = once(child, 'exit')
  const ready = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk) => {
      out += chunk
      if (out.includes('Selvedge is ready')) resolve()
    })
  })
  child.stderr.on('data', (chunk) => {
    err += chunk
  })
  await Promise.race([ready, ended])

  async function stop(signal: 'SIGINT' | 'SIGTERM' = 'SIGINT'): Promise<number | null> {
    child.kill(signal)
    await ended
    return child.exitCode
  }
  return {
    process: child,
    httpPort,
    httpsPort,
    apiPort,
    data,
    stdout: () => out,
    stderr: () => err,
    stop,
    async [Symbol.asyncDispose]() {
      await stop()
      await rm(data, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { type Cores, pinned } from '../bench/processes.ts'
import { freePort } from '../free-port.ts'

const CHECKOUT = new URL('../..', import.meta.url).pathname

/** Name that the one site of a deployment answers to, and the id of its distribution. */
export const HOST = 'site.example'
export const DISTRIBUTION = 'site'

/** Edge and shield as processes of their own, in front of one origin. */
export interface Deployment extends AsyncDisposable {
  httpPort: number
  httpsPort: number
  config: string
  /** From the start of the processes until they said that they are ready, ms. */
  readyMs: number
  /** The processes that are running: the edge's first one, its workers, the shield. */
  processes(): Running[]
  /** Has it take over its configuration (SIGHUP), and waits until it says that it has. */
  reload(): Promise<void>
  /** Ends everything at once, as a power cut would: `kill -9`. */
  kill(): Promise<void>
}

/** One process of a deployment. */
export interface Running {
  pid: number
  program: 'edge' | 'edge worker' | 'origin-shield'
}

/** Where a deployment keeps what it keeps, and what it fronts. */
export interface Deployed {
  directory: string
  /** As in `origins` of the configuration. */
  origin: object
  workers?: number
  /** Names that the site answers to beside `HOST`. */
  aliases?: string[]
  /** More of the configuration's sections. */
  more?: { edge?: object; originShield?: object }
  /** Cores that all of it is kept to; those of this process unless said. */
  cores?: Cores
  /** Whose code runs; ours unless said. */
  checkout?: string | undefined
}

/** Starts edge and shield as `npm start` does. What an earlier one in the same directory cached is there again. */
export async function deploy({
  directory,
  origin,
  workers = 2,
  aliases = [],
  more = {},
  cores,
  checkout = CHECKOUT,
}: Deployed): Promise<Deployment> {
  mkdirSync(directory, { recursive: true })
  const config = join(directory, 'selvedge.yaml')
  const [httpPort, httpsPort] = [await freePort(), await freePort()]
  const distributions = [
    { id: DISTRIBUTION, aliases: [HOST, ...aliases], origins: [{ id: 'origin', ...origin }] },
  ]
  const edge = { httpPort, httpsPort, workers, ...more.edge }
  // JSON is YAML.
  writeFileSync(
    config,
    JSON.stringify({
      data: join(directory, 'data'),
      edge,
      originShield: more.originShield ?? {},
      distributions,
    }),
  )
  const startedMs = performance.now()
  const wanted = ['--config', config, '--only', 'origin-shield,edge', '--log-level', 'error']
  const command = [process.execPath, join(checkout, 'deploy/standalone.ts'), ...wanted]
  const [program = '', ...args] = cores === undefined ? command : pinned(cores, command)
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await said(child, 'Selvedge is ready')
  return {
    httpPort,
    httpsPort,
    config,
    readyMs: performance.now() - startedMs,
    processes: () => programsBelow(child.pid as number),
    async reload() {
      const taken = said(child, 'Selvedge has taken over its configuration')
      child.kill('SIGHUP')
      await taken
    },
    async kill() {
      const pids = [child.pid as number, ...programsBelow(child.pid as number).map(({ pid }) => pid)]
      for (const pid of pids) process.kill(pid, 'SIGKILL')
      await once(child, 'exit')
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exit = once(child, 'exit')
      child.kill('SIGTERM')
      await exit
    },
  }
}

/** Waits until it prints a line from now on. */
async function said(child: ChildProcess, line: string): Promise<void> {
  const out = child.stdout as Readable
  let text = ''
  const hear = (chunk: Buffer) => {
    text += chunk
    if (text.includes(line)) out.emit('said')
  }
  out.on('data', hear)
  await Promise.race([once(out, 'said'), once(child, 'exit')])
  out.off('data', hear).resume()
  if (!text.includes(line)) throw new Error(`the deployment ended, and never said "${line}": ${text}`)
}

const PROGRAMS = [
  ['edge/worker.ts', 'edge worker'],
  ['edge/main.ts', 'edge'],
  ['origin-shield/main.ts', 'origin-shield'],
] as const

function programsBelow(parent: number): Running[] {
  return childrenOf(parent).flatMap((pid) => {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1')
    const program = PROGRAMS.find(([file]) => command.includes(file))?.[1]
    return [...(program === undefined ? [] : [{ pid, program }]), ...programsBelow(pid)]
  })
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim()
  return text === '' ? [] : text.split(' ').map(Number)
}

/** A figure of a process's memory, MB: `VmHWM` is the most it ever had, `RssAnon` what is its own now. */
export function memoryMegabytes(pid: number, figure: 'VmHWM' | 'VmRSS' | 'RssAnon'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  return Math.round(Number(new RegExp(`${figure}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) / 1024)
}

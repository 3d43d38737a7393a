import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { STOP_MS_MAX } from '../../edge/program/run.ts'
import { signedValue } from '../../edge/program/shared-key.ts'
import type { Site } from './site.ts'

export const KEY = 'a shared key of more than thirty-two characters'

/** The browser is unpacked here once for all tests: 209 MB. */
export const DATA_FOLDER = fileURLToPath(new URL('../../node_modules/.cache/selvedge-test', import.meta.url))

/** The thumbnailer as a program of its own, as `deploy/` starts it. */
export interface RunningThumbnailer extends AsyncDisposable {
  pid: number
  /** Where pictures are asked for. */
  url: string
  process: ChildProcess
  /** Every line that it logged. */
  log: Record<string, unknown>[]
  /** Asks for a picture, signed. */
  ask(query: Record<string, string>, init?: RequestInit): Promise<Response>
  /** Target and headers of any signed request, for `get`. */
  signed(path: string, query: Record<string, string>, method?: string): [string, RequestInit]
  /** Asks for anything, as it is. */
  get(target: string, init?: RequestInit): Promise<Response>
  /** A figure of /metrics by name and labels; 0 when it is not there. */
  metric(name: string): Promise<number>
}

/** Starts it in front of a site that plays the edge. @param but settings other than the usual ones */
export async function startThumbnailer(
  site: Pick<Site, 'port'>,
  but: Record<string, unknown> = {},
): Promise<RunningThumbnailer> {
  const folder = await mkdtemp(join(tmpdir(), 'selvedge-pictures-'))
  const child = fork(fileURLToPath(new URL('../../thumbnailer/main.ts', import.meta.url)), {
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  })
  const log: Record<string, unknown>[] = []
  const listening = Promise.withResolvers<{ port: number; admin: number }>()
  createInterface(child.stderr as Readable).on('line', (line) => {
    const entry = line.startsWith('{') ? JSON.parse(line) : { msg: line }
    log.push(entry)
    if (entry.msg === 'pictures are given') listening.resolve(entry)
  })
  const settings = {
    node: 'test',
    admin: { port: 0 },
    listen: { port: 0 },
    key: KEY,
    fronted: ['docs.example', '*.sites.example'],
    edge: { host: '127.0.0.1', httpPort: site.port },
    store: { folder },
    dataFolder: DATA_FOLDER,
    // Tests of a single browser say what happens to it.
    browsers: 1,
    perSiteConcurrency: 64,
    ...but,
  }
  // What a test leaves behind goes with it, whatever state it is in.
  process.once('exit', () => child.kill('SIGKILL'))
  child.send({ settings })
  const ended = once(child, 'exit').then(() => [{ failed: 'it ended before it was ready' }])
  const [message] = (await Promise.race([once(child, 'message'), ended])) as [
    { ready?: true; failed?: string },
  ]
  if (message.ready === undefined) throw new Error(message.failed)
  const ports = await listening.promise

  const get = (target: string, init?: RequestInit) => fetch(`http://127.0.0.1:${ports.port}${target}`, init)
  const signed: RunningThumbnailer['signed'] = (path, query, method = 'GET') => {
    const target = `${path}?${new URLSearchParams(query)}`
    const signature = signedValue(KEY, 'thumbnailer', [method, target], Date.now())
    return [target, { method, headers: { 'Selvedge-Signature': signature } }]
  }
  return {
    pid: child.pid as number,
    url: `http://127.0.0.1:${ports.port}`,
    process: child,
    log,
    get,
    signed,
    ask(query, init = {}) {
      const [target, { headers }] = signed('/thumbnail', query, init.method)
      return get(target, { ...init, headers: { ...init.headers, ...headers } })
    },
    async metric(name) {
      const text = await (await fetch(`http://127.0.0.1:${ports.admin}/metrics`)).text()
      const line = text.split('\n').find((one) => one.startsWith(`${name} `))
      return Number(line?.slice(name.length + 1) ?? 0)
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) {
        const exit = once(child, 'exit')
        child.kill('SIGTERM')
        // One that is deaf to it would keep the test, and the whole run, from ending.
        const killer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX * 2)
        await exit
        clearTimeout(killer)
      }
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Processes that `pid` or one of these started: id and command line. */
export function descendantsOf(pid: number): { pid: number; command: string }[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const parent = Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8'))?.[1])
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ')
        return [{ pid: Number(name), parent, command }]
      } catch {
        return [] // it ended meanwhile
      }
    })
  const childrenOf = (parent: number): typeof all =>
    all.filter((one) => one.parent === parent).flatMap((one) => [one, ...childrenOf(one.pid)])
  return childrenOf(pid).map(({ pid, command }) => ({ pid, command }))
}

/** Whether a process still does anything. One that ended and waits for process 1 to notice does not. */
export function isRunning(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

/** The browser's own process among them: the one that the thumbnailer started. */
export function browserOf(pid: number): number | undefined {
  return descendantsOf(pid).find(({ command }) => command.includes('--remote-debugging-pipe'))?.pid
}

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { findTool } from './tools.ts'

/** Longest wait for a process to stop before it is killed, ms. */
const STOP_MS_MAX = 8_000

/** Longest wait for a server's first answer, ms. */
const START_MS_MAX = 60_000

/** Linux counts CPU time in hundredths of a second, whatever its timer's rate. */
const TICKS_PER_SECOND = 100

/** One core, or several. */
export type Cores = number | readonly number[]

/** The command line that keeps a program to its cores, where that can be done. */
export function pinned(cores: Cores, command: readonly string[]): string[] {
  const taskset = findTool('taskset')
  return taskset === undefined ? [...command] : [taskset, '-c', [cores].flat().join(','), ...command]
}

/** A server that was started, with its children. Disposing stops it and waits until it has ended. */
export interface Started extends AsyncDisposable {
  pid: number
}

/** How a server is started. */
export interface StartOptions {
  /** File that takes its standard output; nobody does unless said. */
  output?: string
  /** File that takes its standard error; ours unless said. */
  errors?: string
}

/** Starts a server that is kept to its cores. */
export function startOn(
  cores: Cores,
  command: readonly string[],
  { output, errors }: StartOptions = {},
): Started {
  const [program = '', ...args] = pinned(cores, command)
  const files = [output, errors].map((file) => (file === undefined ? undefined : openSync(file, 'a')))
  const [to, errorsTo] = files
  const child = spawn(program, args, { stdio: ['ignore', to ?? 'ignore', errorsTo ?? 'inherit'] })
  for (const file of files) if (file !== undefined) closeSync(file)
  if (child.pid === undefined) throw new Error(`${program} could not be started`)
  return { pid: child.pid, [Symbol.asyncDispose]: () => end(child) }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  const killer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX)
  await exit
  clearTimeout(killer)
}

/** Waits until `attempt` succeeds. @throws the last failure, after a minute */
export async function untilAnswered<T>(attempt: () => Promise<T>): Promise<T> {
  const deadlineMs = performance.now() + START_MS_MAX
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (performance.now() > deadlineMs) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

/**
 * CPU time, user and system, that processes and all their living descendants have had so far, seconds.
 *
 * @returns NaN where there is no `/proc`
 */
export function cpuSeconds(roots: readonly number[]): number {
  const ticks = familyOf(roots)?.reduce((sum, one) => sum + one.ticks, 0) ?? Number.NaN
  return ticks / TICKS_PER_SECOND
}

/** Of that, what the kernel had. */
export function kernelSeconds(roots: readonly number[]): number {
  const ticks = familyOf(roots)?.reduce((sum, one) => sum + one.kernelTicks, 0) ?? Number.NaN
  return ticks / TICKS_PER_SECOND
}

/**
 * The most memory that one process of a family has had resident, bytes (`VmHWM`, proc(5)).
 *
 * @returns NaN where there is no `/proc`
 */
export function peakResidentBytes(root: number): number {
  const family = familyOf([root]) ?? []
  return family.length === 0
    ? Number.NaN
    : Math.max(...family.map(({ pid }) => kilobytesOf(pid, 'VmHWM') * 1024))
}

/**
 * Memory of processes and all their living descendants, bytes: what they share counts once (`Pss` of
 * `/proc/PID/smaps_rollup`, proc(5)).
 *
 * @returns NaN where there is no `/proc`
 */
export function memoryBytes(roots: readonly number[]): number {
  const family = familyOf(roots) ?? []
  if (family.length === 0) return Number.NaN
  return family.reduce((sum, { pid }) => {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1')
    return sum + Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1]) * 1024
  }, 0)
}

/** The children of a process. */
export function childrenOf(pid: number): number[] {
  return (readProcesses() ?? []).filter(({ parent }) => parent === pid).map((child) => child.pid)
}

/** Memory of one process that is resident now, bytes (`VmRSS`, proc(5)). */
export function residentBytes(pid: number): number {
  return kilobytesOf(pid, 'VmRSS') * 1024
}

/** What a process has read by system calls, from files and sockets, bytes (`rchar`, proc(5)). */
export function readBytes(pid: number): number {
  return Number(/^rchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'latin1'))?.[1])
}

function kilobytesOf(pid: number, name: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1])
}

/** Processes and all their living descendants. */
function familyOf(roots: readonly number[]): Process[] | undefined {
  const processes = readProcesses()
  const family = new Set(roots)
  // Children have higher numbers than their parents, but for a wrap-around that no benchmark lives to see.
  for (const { pid, parent } of processes ?? []) if (family.has(parent)) family.add(pid)
  return processes?.filter(({ pid }) => family.has(pid))
}

/** A process, and what CPU time it has had: in all, and of the kernel. */
interface Process {
  pid: number
  parent: number
  ticks: number
  kernelTicks: number
}

function readProcesses(): Process[] | undefined {
  if (process.platform !== 'linux') return undefined
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids
    .map(Number)
    .sort((a, b) => a - b)
    .flatMap((pid) => {
      const stat = statOf(pid)
      return stat === undefined ? [] : [{ pid, ...stat }]
    })
}

/** Of `/proc/PID/stat` (proc(5)) fields 4, 14 and 15; the name before them may hold spaces and brackets. */
function statOf(pid: number): Omit<Process, 'pid'> | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const kernelTicks = Number(fields[12])
    return { parent: Number(fields[1]), ticks: Number(fields[11]) + kernelTicks, kernelTicks }
  } catch {
    return undefined // it has ended since the folder was read
  }
}

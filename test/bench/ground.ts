/**
 * The ground that contenders meet on: what a real network would be to them, and nobody else on it.
 *
 * Loopback as it comes has an MTU of 64 KB, at which nginx's `tcp_nopush` waits 40 ms for a delayed
 * acknowledgement, and a machine's default may be TCP BBR, which paces each response with a timer:
 * either makes a peer look slow that isn't. So the benchmark runs in a network namespace of its own
 * whose loopback has an Ethernet's MTU and TCP reno; its process namespace ends with it, and takes
 * along whatever was started.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { findTool } from './tools.ts'

const MTU = 1_500
const CONGESTION_CONTROL = 'reno'

/** Set in the environment of the copy that runs inside the namespace. */
const INSIDE = 'SELVEDGE_BENCH_INSIDE'

/** Cores for the two sides, and what is to be said of the ground. */
export interface Ground {
  serverCore: number
  loadCore: number
  /** Why figures can't be trusted; empty on fair ground. */
  unfair: string[]
}

/**
 * Runs this program once more, in namespaces of its own.
 *
 * @returns its exit status, or `undefined` where there is nothing to do: it is inside already, or can't be
 */
export async function runInNamespace(): Promise<number | undefined> {
  if (process.env[INSIDE] !== undefined || !canUnshare()) return undefined
  // Inside nobody tidies up when it is killed, so its temporary files are in a folder that goes with it.
  const folder = mkdtempSync(join(tmpdir(), 'selvedge-bench-'))
  chmodSync(folder, 0o755) // peers that give up root have their files in it
  const namespaces = ['--net', '--mount-proc', '--pid', '--fork', '--kill-child']
  const child = spawn('unshare', [...namespaces, process.execPath, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, [INSIDE]: 'yes', TMPDIR: folder },
  })
  // unshare takes no notice of gentler signals; all that is inside dies with it.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill('SIGKILL'))
  const [status] = await once(child, 'exit')
  rmSync(folder, { recursive: true, force: true })
  return status ?? 1
}

function canUnshare(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || findTool('unshare') === undefined)
    return false
  return spawnSync('unshare', ['--net', '--mount-proc', '--pid', '--fork', 'true']).status === 0
}

/** Prepares the namespace that we are in, or says why the ground is as it is. */
export function layGround(): Ground {
  const unfair: string[] = []
  if (process.env[INSIDE] === undefined) {
    unfair.push('not root on Linux, so no network of its own: loopback’s MTU and TCP are the machine’s')
  } else {
    const link = spawnSync(findTool('ip') ?? 'ip', ['link', 'set', 'lo', 'up', 'mtu', String(MTU)])
    if (link.status !== 0)
      unfair.push(`loopback could not be set to an MTU of ${MTU} (is iproute2 installed?)`)
    if (!setCongestionControl()) unfair.push(`TCP ${CONGESTION_CONTROL} could not be chosen`)
  }
  if (availableParallelism() < 2) unfair.push('one core only: load and server share it')
  if (findTool('taskset') === undefined) unfair.push('no taskset: nobody is kept to a core')
  const loadCore = availableParallelism() < 2 ? 0 : 1
  keepToCore(loadCore)
  return { serverCore: 0, loadCore, unfair }
}

/** Keeps this process to a core: it is the origin, and some of the load. */
function keepToCore(core: number): void {
  const taskset = findTool('taskset')
  if (taskset !== undefined) spawnSync(taskset, ['-a', '-c', '-p', String(core), String(process.pid)])
}

function setCongestionControl(): boolean {
  try {
    writeFileSync('/proc/sys/net/ipv4/tcp_congestion_control', CONGESTION_CONTROL)
    return true
  } catch {
    return false
  }
}

/** The ground in one sentence. */
export function groundText({ unfair }: Ground): string {
  if (unfair.length > 0) return `**Unfair ground**: ${unfair.join('; ')}.`
  return `Own network namespace, loopback with MTU ${MTU} and TCP ${CONGESTION_CONTROL}.`
}

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { request } from 'undici'

const MAIN = new URL('../../../edge/geo/main.ts', import.meta.url).pathname

/** How long a router may take to answer, ms: it reads its databases first. */
const START_MS_MAX = 60_000

/** A router in a process of its own. */
export interface RouterProcess extends AsyncDisposable {
  pid: number
  /** Bytes of memory that it holds. */
  memory(): number
}

/** Starts one and waits until it answers. @param before of the command: a network namespace, a core */
export async function startRouterProcess(
  options: readonly string[],
  adminPort: number,
  before: readonly string[] = [],
): Promise<RouterProcess> {
  const [program = '', ...rest] = [
    ...before,
    process.execPath,
    MAIN,
    ...options,
    '--admin-port',
    String(adminPort),
  ]
  const child: ChildProcess = spawn(program, rest, { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr?.on('data', (chunk) => {
    said += chunk
  })
  const deadline = performance.now() + START_MS_MAX
  while (!said.includes('router is ready')) {
    if (performance.now() > deadline || child.exitCode !== null)
      throw new Error(`the router did not start: ${said}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const { pid = 0 } = child
  return {
    pid,
    memory: () =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1_024,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null) {
        child.kill('SIGTERM')
        await once(child, 'exit')
      }
    },
  }
}

/** A number of a router's metrics. @param name with its labels */
export async function metric(adminPort: number, name: string): Promise<number> {
  const { body } = await request(`http://127.0.0.1:${adminPort}/metrics`)
  const line = (await body.text()).split('\n').find((one) => one.startsWith(`${name} `))
  return Number(line?.split(' ').at(-1) ?? 0)
}

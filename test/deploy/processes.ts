import { execFileSync } from 'node:child_process'
import type { Selvedge } from './selvedge.ts'

/** Pids of a Selvedge's processes that run a file, e.g. `edge/worker.ts`; of all of them for an empty one. */
export function pidsOf(selvedge: Selvedge, file: string): number[] {
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid=,args=']).toString().trim().split('\n')
  const processes = rows.map((row) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(row) as RegExpExecArray)
  const below = (parent: number): RegExpExecArray[] =>
    processes
      .filter(([, , ppid]) => Number(ppid) === parent)
      .flatMap((one) => [one, ...below(Number(one[1]))])
  return below(selvedge.process.pid as number)
    .filter(([, , , args]) => args?.includes(file))
    .map(([, pid]) => Number(pid))
}

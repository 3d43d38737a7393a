import { cpus } from 'node:os'

/** Shortest time that a load is of, ms: asked again sooner, it is the last one. */
const WINDOW_MS = 1_000

/**
 * How busy the machine's processors are, 0 to 1: of the time since it was last asked, at least a second. In a
 * container it is that of the whole machine.
 */
export function machineLoad(): () => number {
  let before = { ...timesOf(), atMs: performance.now() }
  let load = 0
  return () => {
    const atMs = performance.now()
    if (atMs - before.atMs < WINDOW_MS) return load
    const now = timesOf()
    const total = now.total - before.total
    load = total > 0 ? Math.min(1, Math.max(0, (now.busy - before.busy) / total)) : load
    before = { ...now, atMs }
    return load
  }
}

function timesOf(): { busy: number; total: number } {
  let idle = 0
  let total = 0
  for (const { times } of cpus()) {
    idle += times.idle
    total += times.idle + times.user + times.nice + times.sys + times.irq
  }
  return { busy: total - idle, total }
}

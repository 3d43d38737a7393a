import { readdir, readFile } from 'node:fs/promises'

/** Memory of a browser's processes, bytes that are theirs alone: anonymous pages and shared memory. */
export interface TreeMemory {
  total: number
  /** The one that has most, the browser's own process aside. */
  heaviest: { pid: number; bytes: number } | undefined
}

/** Memory of a process and all that descend from it; `undefined` where the system doesn't tell. */
export async function memoryOfTree(pid: number): Promise<TreeMemory | undefined> {
  const own = await memoryOf(pid)
  if (own === undefined) return undefined
  const threads = await readdir(`/proc/${pid}/task`).catch(() => [])
  const below = await memoryBelow(pid, threads)
  const heaviest = below.reduce<TreeMemory['heaviest']>(
    (most, one) => (most === undefined || one.bytes > most.bytes ? one : most),
    undefined,
  )
  return { total: below.reduce((sum, { bytes }) => sum + bytes, own), heaviest }
}

/** @param threads which threads' children: others than the browser start all from their first */
async function memoryBelow(pid: number, threads = [String(pid)]): Promise<{ pid: number; bytes: number }[]> {
  const children = (await Promise.all(threads.map((thread) => childrenOf(pid, thread)))).flat()
  const branches = await Promise.all(
    children.map(async (child) => {
      const [bytes, below] = await Promise.all([memoryOf(child), memoryBelow(child)])
      return [{ pid: child, bytes: bytes ?? 0 }, ...below]
    }),
  )
  return branches.flat()
}

async function childrenOf(pid: number, thread: string): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '')
  return text.split(' ').filter(Boolean).map(Number)
}

async function memoryOf(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => undefined)
  if (status === undefined) return undefined
  const kilobytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0)
  return (kilobytes('RssAnon') + kilobytes('RssShmem')) * 1_024
}

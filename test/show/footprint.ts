import { readdirSync, readFileSync } from 'node:fs'
import { DATA_FOLDER, descendantsOf, type RunningThumbnailer } from '../thumbnailer/program.ts'

/** What a thumbnailer and its browsers have of the machine. */
export interface Footprint {
  /** Of the browsers. */
  processes: number
  zombies: number
  /** Proportional set size of the browsers' processes. */
  megabytes: number
  /** Profiles, which are the browsers' only place to write to: one for each browser. */
  profiles: number
  /** Open descriptors of the thumbnailer itself. */
  descriptors: number
}

export function footprintOf({ pid }: RunningThumbnailer): Footprint {
  const processes = descendantsOf(pid)
  const kilobytes = processes.map(({ pid: one }) =>
    Number(/^Pss:\s+(\d+)/m.exec(textOf(`/proc/${one}/smaps_rollup`))?.[1] ?? 0),
  )
  return {
    processes: processes.length,
    zombies: processes.filter(({ pid: one }) => /\) Z /.test(textOf(`/proc/${one}/stat`))).length,
    megabytes: Math.round(kilobytes.reduce((sum, one) => sum + one, 0) / 1_024),
    profiles: readdirSync(DATA_FOLDER).filter((name) => name.startsWith(`profile-${pid}-`)).length,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
  }
}

export function told({ processes, zombies, megabytes, profiles, descriptors }: Footprint): string {
  return `${processes} processes (${zombies} zombies), ${megabytes} MB, ${profiles} profiles, ${descriptors} descriptors`
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // it ended meanwhile
  }
}

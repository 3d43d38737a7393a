import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { memoryBytes, residentBytes } from '../processes.ts'
import { riseOf } from '../statistics.ts'

/** Memory of one process at one time, bytes. */
export interface Sample {
  resident: number
  proportional: number
  heap: number
  external: number
}

/** @param folder where `report-memory.ts` writes */
export function sampleOf(pid: number, folder: string): Sample {
  const { heapUsed, external } = JSON.parse(readFileSync(join(folder, `memory-${pid}.json`), 'utf8'))
  return { resident: residentBytes(pid), proportional: memoryBytes([pid]), heap: heapUsed, external }
}

export function sampleText({ resident, proportional, heap, external }: Sample): string {
  const [a, b, c, d] = [resident, proportional, heap, external].map((bytes) => `${Math.round(bytes / 1e6)}`)
  return `RSS ${a} MB, PSS ${b}, heap ${c}, external ${d}`
}

/** This share of the time is for caches and compilers to fill and settle. */
const WARM_UP_SHARE = 1 / 3
/** A heap breathes: what grows by less in the time left is no leak that such a time could show. */
const RISE_MAX = 0.1

/** Whether memory stayed flat after warming up, and by what the line through the samples rose. */
export function flatness(samples: readonly Sample[]): { isFlat: boolean; rise: number } {
  const settled = samples.slice(Math.floor(samples.length * WARM_UP_SHARE))
  const rise = riseOf(settled.map(({ resident }) => resident))
  return { isFlat: rise <= RISE_MAX, rise }
}

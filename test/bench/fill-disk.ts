import { pino } from 'pino'
import { openDiskStore } from '../../edge/cache/disk/disk-store.ts'
import { TRANSPARENT } from '../../edge/cache/rules/rules.ts'
import { storedHeadOf } from '../../edge/cache/store/stored-response.ts'
import { cacheKey } from '../../edge/distribution/cache-key.ts'

/** Writes that are waited for at once: the store drops what it can't keep up with. */
const TOGETHER = 2_000

/** What to fill an edge's disk with. */
export interface DiskFill {
  directory: string
  bytesMax: number
  objects: number
  distribution: string
  host: string
  /** Of one object. */
  pathOf(at: number): string
  fieldsOf(at: number): string[]
  bodyOf(at: number): string
}

/** Fills an edge's cache on disk as if all had been asked for, by its own store and without its workers. @returns ms */
export async function fillDisk(fill: DiskFill): Promise<number> {
  const { directory, bytesMax, objects, distribution, host } = fill
  const startedMs = performance.now()
  const disk = await openDiskStore({ directory, bytesMax, log: pino({ level: 'warn' }) })
  for (let at = 0; at < objects; at += 1) {
    const target = fill.pathOf(at)
    const request = { method: 'GET', scheme: 'http', host, target, fields: [] }
    const nowMs = Date.now()
    const head = storedHeadOf(
      { request, rules: TRANSPARENT, group: distribution, validAsOf: 0 },
      { status: 200, fields: ['Date', new Date(nowMs).toUTCString(), ...fill.fieldsOf(at)] },
      { requestedAtMs: nowMs, receivedAtMs: nowMs },
    )
    const key = cacheKey({ distribution, scheme: 'http', host, target })
    disk.write(key, { ...head, body: Buffer.from(fill.bodyOf(at)) })
    if (at % TOGETHER === 0) await disk.flushed()
  }
  await disk.flushed()
  if (disk.objects !== objects) throw new Error(`${disk.objects} of ${objects} objects are on disk`)
  await disk[Symbol.asyncDispose]()
  return performance.now() - startedMs
}

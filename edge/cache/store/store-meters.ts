import { Counter, Gauge, type Registry } from 'prom-client'
import type { OpenStore } from './open-store.ts'

/** Registers what a cache's store holds. @param tier `edge` or `shield`, for the metrics' names */
export function meterStore(registry: Registry, tier: string, { store, disk }: OpenStore): void {
  const registers = [registry]
  const name = (rest: string) => `selvedge_${tier}_${rest}`
  /** All workers see one disk, and each has memory of its own: so one is not added up, the other is. */
  const gauge = (rest: string, help: string, aggregator: 'sum' | 'max', read: () => number) =>
    new Gauge({
      name: name(rest),
      help,
      registers,
      aggregator,
      collect() {
        this.set(read())
      },
    })
  const counter = (rest: string, help: string, read: () => number) =>
    new Counter({
      name: name(rest),
      help,
      registers,
      collect() {
        this.reset()
        this.inc(read())
      },
    })

  gauge('cache_bytes', 'Memory that cached responses take up.', 'sum', () => store.bytes)
  gauge('cache_keys', 'Keys with a cached response in memory.', 'sum', () => store.keys)
  if (disk === undefined) return
  gauge('disk_bytes', 'Disk that cached responses take up.', 'max', () => disk.bytes)
  gauge('disk_objects', 'Cached responses on disk.', 'max', () => disk.objects)
  counter(
    'disk_dropped_total',
    'Responses not kept on disk: it was full, broken, or too slow.',
    () => disk.dropped,
  )
  counter('disk_damaged_total', 'Responses on disk whose checksum did not hold.', () => disk.damaged)
}

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { RefusalReason } from './collect/refusal.ts'
import type { SegmentStore, StoredSegment } from './collect/segment-store.ts'

/** Counts what the collector does. */
export interface CollectMeters {
  stored(segment: StoredSegment): void
  /** @param because `down`: ClickHouse took nothing, or we failed */
  refused(because: RefusalReason | 'down'): void
}

/** Counts what analytics does. */
export interface Meters extends CollectMeters {
  /** In the Prometheus text format. */
  text(): Promise<string>
}

/** The metrics of analytics, each with its unit and its sentence. */
export function startMeters(store: SegmentStore): Meters {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const segments = new Counter({
    name: 'selvedge_analytics_segments_total',
    help: 'Segments that edges sent, by outcome: stored, down, or why refused. A repeated one counts again.',
    labelNames: ['outcome'],
    registers,
  })
  const rows = new Counter({
    name: 'selvedge_analytics_rows_total',
    help: 'Access-log records sent to ClickHouse; those of a repeated segment count again here, not there.',
    registers,
  })
  const events = new Counter({
    name: 'selvedge_analytics_billed_events_total',
    help: 'Invalidations and renders sent to ClickHouse; each counts again here when it is told again, not there.',
    registers,
  })
  const rejectedRows = new Counter({
    name: 'selvedge_analytics_rejected_rows_total',
    help: 'Lines of segments that were no access-log record: see selvedge.rejected.',
    registers,
  })
  const insertSeconds = new Histogram({
    name: 'selvedge_analytics_insert_seconds',
    help: 'Time that ClickHouse took to store a segment.',
    buckets: [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30],
    registers,
  })
  new Gauge({
    name: 'selvedge_analytics_segments_waiting',
    help: 'Segments that are being stored or wait for it.',
    registers,
    collect() {
      this.set(store.underWay)
    },
  })
  return {
    stored({ rows: stored, events: told, rejected, insertMs }) {
      segments.inc({ outcome: 'stored' })
      rows.inc(stored)
      events.inc(told)
      rejectedRows.inc(rejected)
      insertSeconds.observe(insertMs / 1000)
    },
    refused: (because) => segments.inc({ outcome: because }),
    text: () => registry.metrics(),
  }
}

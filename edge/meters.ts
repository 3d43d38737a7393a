import { AggregatorRegistry, Counter, Gauge, Registry } from 'prom-client'
import type { Served } from './answer-viewer.ts'
import type { Encoding } from './cache/encoding/encoding.ts'
import type { OpenStore } from './cache/store/open-store.ts'
import { meterStore } from './cache/store/store-meters.ts'
import type { Spool } from './log/spool.ts'
import type { Transfer } from './viewer.ts'

/** Counts what a worker does. Plain numbers on the way of a request; named and summed when somebody looks. */
export interface Meters {
  count(served: Served | undefined, transfer: Transfer): void
  /** The counter of responses that a result type and a status share; it counts bytes sent as well. */
  counterOf(resultType: string, status: number): ResponseCounter
  /** Shows what somebody else counts. */
  counter(name: string, help: string, read: () => number): void
  /** The same by a label. */
  counterBy(name: string, help: string, label: string, read: () => Iterable<[string, number]>): void
  gauge(name: string, help: string, read: () => number): void
}

/** Plain numbers, for whoever answers many requests alike: find it once, count up each time. */
export interface ResponseCounter {
  responses: number
  bytesSent: number
}

/** Starts a worker's meters; the primary collects and sums those of all workers. */
export function startMeters(cached: OpenStore, encoding: Pick<Encoding, 'counts'>, spool: Spool): Meters {
  const registry = new Registry()
  // Answers the primary's requests for metrics over the cluster's channel.
  new AggregatorRegistry()
  AggregatorRegistry.setRegistries(registry)

  const counters = new Map<string, ResponseCounter>()
  let originTimeUs = 0

  const counter = (name: string, help: string, read: () => number) =>
    new Counter({
      name,
      help,
      registers: [registry],
      collect() {
        this.reset()
        this.inc(read())
      },
    })

  const counterBy: Meters['counterBy'] = (name, help, label, read) =>
    new Counter({
      name,
      help,
      labelNames: [label],
      registers: [registry],
      collect() {
        this.reset()
        for (const [value, count] of read()) this.inc({ [label]: value }, count)
      },
    })

  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      aggregator: 'sum',
      collect() {
        this.set(read())
      },
    })

  new Counter({
    name: 'selvedge_edge_requests_total',
    help: 'Responses to viewers, by result type (Hit, RefreshHit, Miss, Error, Redirect) and status class.',
    labelNames: ['result', 'status'],
    registers: [registry],
    collect() {
      this.reset()
      for (const [key, { responses }] of counters) {
        const [result = '', status = ''] = key.split(' ')
        this.inc({ result, status }, responses)
      }
    },
  })
  counter('selvedge_edge_sent_bytes_total', 'Bytes sent to viewers, heads included.', () =>
    counters.values().reduce((sum, { bytesSent }) => sum + bytesSent, 0),
  )
  counter(
    'selvedge_edge_origin_seconds_total',
    'Time waited for response heads from shields.',
    () => originTimeUs / 1e6,
  )
  counter('selvedge_edge_log_lost_total', 'Access-log records that could not be written.', () => spool.lost)
  new Counter({
    name: 'selvedge_edge_encodings_total',
    help: 'Encoded forms begun, by effort: draft (while the body arrives) or final (once, to be kept).',
    labelNames: ['effort'],
    registers: [registry],
    collect() {
      this.reset()
      for (const [effort, count] of Object.entries(encoding.counts.begun)) this.inc({ effort }, count)
    },
  })
  counter(
    'selvedge_edge_encodings_declined_total',
    'Responses sent as they are because too many were being encoded.',
    () => encoding.counts.declined,
  )
  counter(
    'selvedge_edge_encoding_in_bytes_total',
    'Length of the bodies that were encoded.',
    () => encoding.counts.bytesIn,
  )
  counter(
    'selvedge_edge_encoding_out_bytes_total',
    'What those bodies were encoded to.',
    () => encoding.counts.bytesOut,
  )
  meterStore(registry, 'edge', cached)

  function counterOf(resultType: string, status: number): ResponseCounter {
    const key = `${resultType} ${Math.floor(status / 100)}xx`
    const known = counters.get(key) ?? { responses: 0, bytesSent: 0 }
    counters.set(key, known)
    return known
  }

  return {
    counter,
    counterBy,
    gauge,
    counterOf,
    count(served, transfer) {
      const responses = counterOf(served?.resultType ?? 'Error', transfer.status)
      responses.responses += 1
      responses.bytesSent += transfer.bytesSent
      originTimeUs += served?.answer.outcome.upstreamUs ?? 0
    },
  }
}

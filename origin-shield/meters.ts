import { Counter, Registry } from 'prom-client'
import type { OpenStore } from '../edge/cache/store/open-store.ts'
import { meterStore } from '../edge/cache/store/store-meters.ts'
import type { Responded } from '../edge/distribution/respond.ts'

/** Counts what the shield does. Plain numbers on the way of a request; named when somebody looks. */
export interface Meters {
  count(said: Responded): void
  /** In the Prometheus text format. */
  text(): Promise<string>
}

/** The shield's metrics, each with its unit and its sentence. */
export function startMeters(cached: OpenStore): Meters {
  const registry = new Registry()
  const responses = new Map<string, number>()
  const failures = new Map<string, number>()
  let originTimeUs = 0

  const counter = (name: string, help: string, label: string, counts: ReadonlyMap<string, number>) =>
    new Counter({
      name,
      help,
      labelNames: [label],
      registers: [registry],
      collect() {
        this.reset()
        for (const [value, count] of counts) this.inc({ [label]: value }, count)
      },
    })

  counter(
    'selvedge_shield_requests_total',
    'Responses to edges, by result type (Hit, RefreshHit, Miss, Error).',
    'result',
    responses,
  )
  counter(
    'selvedge_shield_origin_failures_total',
    'Requests that no origin answered, by failure.',
    'failure',
    failures,
  )
  new Counter({
    name: 'selvedge_shield_origin_seconds_total',
    help: 'Time waited for response heads from origins.',
    registers: [registry],
    collect() {
      this.reset()
      this.inc(originTimeUs / 1e6)
    },
  })
  meterStore(registry, 'shield', cached)
  return {
    count({ answer: { outcome }, resultType }) {
      countUp(responses, resultType)
      originTimeUs += outcome.upstreamUs
      if (outcome.kind === 'failed') countUp(failures, outcome.detail ?? 'OriginError')
    },
    text: () => registry.metrics(),
  }
}

function countUp(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

import { Counter, Registry } from 'prom-client'
import type { OpenStore } from '../edge/cache/open-store.ts'
import { meterStore } from '../edge/cache/store-meters.ts'
import type { Responded } from '../edge/distribution/respond.ts'

/** Counts what the shield does. */
export interface Meters {
  count(said: Responded): void
  /** In the Prometheus text format. */
  text(): Promise<string>
}

/** The shield's metrics, each with its unit and its sentence. */
export function startMeters(cached: OpenStore): Meters {
  const registry = new Registry()
  const registers = [registry]
  const requests = new Counter({
    name: 'selvedge_shield_requests_total',
    help: 'Responses to edges, by result type (Hit, RefreshHit, Miss, Error).',
    labelNames: ['result'],
    registers,
  })
  const failures = new Counter({
    name: 'selvedge_shield_origin_failures_total',
    help: 'Requests that no origin answered, by failure.',
    labelNames: ['failure'],
    registers,
  })
  const originSeconds = new Counter({
    name: 'selvedge_shield_origin_seconds_total',
    help: 'Time waited for response heads from origins.',
    registers,
  })
  meterStore(registry, 'shield', cached)
  return {
    count({ answer: { outcome }, resultType }) {
      requests.inc({ result: resultType })
      originSeconds.inc(outcome.upstreamUs / 1e6)
      if (outcome.kind === 'failed') failures.inc({ failure: outcome.detail ?? 'OriginError' })
    },
    text: () => registry.metrics(),
  }
}

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { StartReason } from './browser/keeper.ts'
import type { RefusalReason } from './egress/destination.ts'
import type { ProblemCode } from './problem.ts'

/** Every figure that the thumbnailer gives, each declared here once. */
export interface Metrics {
  /** A page was rendered, or why not. */
  rendered(outcome: 'pictured' | ProblemCode, seconds: number): void
  browserStarted(because: StartReason): void
  answered(status: number): void
  egressRefused(because: RefusalReason): void
  egressBytes(bytes: number): void
  /** In the Prometheus text format. */
  text(): Promise<string>
}

/** @param waiting how many pages wait for their turn now, read when the metrics are */
export function createMetrics(waiting: () => number): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })

  const renders = new Counter({
    name: 'selvedge_thumbnailer_renders_total',
    help: 'Pages rendered, by outcome: pictured, or the code of the problem.',
    labelNames: ['outcome'],
    registers,
  })
  const seconds = new Histogram({
    name: 'selvedge_thumbnailer_render_seconds',
    help: 'From a page being opened to its pictures being stored, or to its failure.',
    buckets: [0.25, 0.5, 1, 2, 4, 8, 16, 32],
    registers,
  })
  const starts = new Counter({
    name: 'selvedge_thumbnailer_browser_starts_total',
    help: 'Browsers started: the first, one in place of a used up one (recycled), or of a lost one.',
    labelNames: ['because'],
    registers,
  })
  const answers = new Counter({
    name: 'selvedge_thumbnailer_answers_total',
    help: 'Requests answered, by status.',
    labelNames: ['status'],
    registers,
  })
  const refusals = new Counter({
    name: 'selvedge_thumbnailer_egress_refusals_total',
    help: 'What pages asked of the network and were refused, by reason.',
    labelNames: ['because'],
    registers,
  })
  const bytes = new Counter({
    name: 'selvedge_thumbnailer_egress_bytes_total',
    help: 'Bytes that pages had of the network, in both directions.',
    registers,
  })
  new Gauge({
    name: 'selvedge_thumbnailer_queue_length',
    help: 'Pages that wait for their turn to be rendered.',
    registers,
    collect() {
      this.set(waiting())
    },
  })

  return {
    rendered(outcome, took) {
      renders.inc({ outcome })
      seconds.observe(took)
    },
    browserStarted: (because) => starts.inc({ because }),
    answered: (status) => answers.inc({ status }),
    egressRefused: (because) => refusals.inc({ because }),
    egressBytes: (more) => bytes.inc(more),
    text: () => registry.metrics(),
  }
}

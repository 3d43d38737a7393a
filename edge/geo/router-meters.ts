import { Counter, Gauge, Registry } from 'prom-client'
import type { FleetState } from './fleet/fleet-state.ts'

/** Counts what a router does. */
export interface RouterMeters {
  answered(rcode: number): void
  redirected(status: number): void
  text(): Promise<string>
}

const RCODES: Record<number, string> = {
  0: 'NOERROR',
  1: 'FORMERR',
  2: 'SERVFAIL',
  3: 'NXDOMAIN',
  4: 'NOTIMP',
  5: 'REFUSED',
  16: 'BADVERS',
}

/** @param limited how many answers over UDP were withheld */
export function routerMeters(
  fleet: () => FleetState,
  limited: () => { dropped: number; truncated: number },
): RouterMeters {
  const registry = new Registry()
  const registers = [registry]
  const answers = new Map<string, number>()
  const redirects = new Map<string, number>()

  function counted(
    name: string,
    help: string,
    label: string,
    counts: () => Iterable<[string, number]>,
  ): void {
    new Counter({
      name,
      help,
      labelNames: [label],
      registers,
      collect() {
        this.reset()
        for (const [value, count] of counts()) this.inc({ [label]: value }, count)
      },
    })
  }
  counted('selvedge_router_dns_answers_total', 'Answers over UDP and TCP.', 'rcode', () => answers)
  counted('selvedge_router_redirects_total', 'Answers over HTTP.', 'status', () => redirects)
  counted('selvedge_router_dns_limited_total', 'Answers over UDP that the rate limit withheld.', 'how', () =>
    Object.entries(limited()),
  )
  const perEdge = (name: string, help: string, read: (edge: FleetState['edges'][number]) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['edge'],
      registers,
      collect() {
        this.reset()
        for (const edge of fleet().edges) this.set({ edge: edge.code }, read(edge))
      },
    })
  perEdge('selvedge_router_edge_alive', 'Whether an edge lives, by its probes.', ({ alive }) => Number(alive))
  perEdge('selvedge_router_edge_drained', 'Whether an edge is drained.', ({ drained }) => Number(drained))
  perEdge('selvedge_router_edge_load', 'What an edge says of its load, 0 to 1.', ({ load }) => load)

  return {
    answered(rcode) {
      const name = RCODES[rcode] ?? String(rcode)
      answers.set(name, (answers.get(name) ?? 0) + 1)
    },
    redirected(status) {
      redirects.set(String(status), (redirects.get(String(status)) ?? 0) + 1)
    },
    text: () => registry.metrics(),
  }
}

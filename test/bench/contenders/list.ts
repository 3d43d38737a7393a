import { startBare } from './bare.ts'
import type { Candidate } from './contender.ts'
import { startEdge } from './edge.ts'
import { startH2o } from './h2o.ts'
import { startHaproxy } from './haproxy.ts'
import { startNginx } from './nginx.ts'
import { startSquid } from './squid.ts'
import { startTrafficServer } from './trafficserver.ts'
import { startVarnish } from './varnish.ts'

/** Who can be measured: ours, then the peers, then the yardstick. */
export const CANDIDATES: readonly Candidate[] = [
  { id: 'selvedge', start: (stand) => startEdge(stand) },
  { id: 'nginx', start: startNginx },
  { id: 'varnish', start: startVarnish },
  {
    id: 'haproxy',
    start: startHaproxy,
    lacks: {
      'not-modified': 'its 304 names a Content-Length, at which wrk waits for a body',
      range: 'its cache gives no ranges',
    },
  },
  { id: 'trafficserver', start: startTrafficServer },
  { id: 'squid', start: startSquid },
  { id: 'h2o', start: startH2o, onlyOver: 'h2' },
  {
    id: 'bare',
    start: startBare,
    lacks: { 'unique-misses': 'it keeps nothing', zipf: 'it keeps nothing' },
  },
]

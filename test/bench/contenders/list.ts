import type { Candidate } from './contender.ts'
import { startEdge } from './edge.ts'
import { startNginx } from './nginx.ts'

/** Who can be measured: ours, then the peers. */
export const CANDIDATES: readonly Candidate[] = [
  { id: 'selvedge', start: startEdge },
  { id: 'nginx', start: startNginx },
]

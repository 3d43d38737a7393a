import type { BilledEvent } from '../log/billed-event.ts'
import type { Invalidation } from './request.ts'

/** How long ago an invalidation may have been asked for to be told again after a restart, ms: longer than a log waits. */
const AGAIN_MS_MAX = 7 * 86_400_000

/**
 * What an invalidation is billed as: the names that were asked for, whatever they are spelled as here. `undefined`
 * for what a node invalidates of its own accord.
 *
 * Every edge tells of each, under the id that all have of it, and again when it starts: so that none is lost with one
 * edge's log, and each counts once.
 */
export function billedAs(invalidation: Invalidation, node: string, nowMs: number): BilledEvent | undefined {
  const { id, distribution, paths, tags, issuedAtMs, onlyHere, names } = invalidation
  if (onlyHere || nowMs - issuedAtMs > AGAIN_MS_MAX) return undefined
  return {
    kind: 'invalidation',
    // Edges are told once more after a shield that had failed (fan-out.ts): `ID.2`.
    id: id.replace(/\.\d+$/, ''),
    timeMs: issuedAtMs,
    node,
    distribution,
    host: '',
    quantity: names ?? paths.length + tags.length,
  }
}

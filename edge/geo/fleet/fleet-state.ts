import type { Candidate } from '../nearest/nearest.ts'
import { pointAt } from '../nearest/sphere.ts'
import type { FleetEdge, FleetFile } from './fleet-file.ts'

/** An edge of the fleet as it is now. */
export interface EdgeState extends Candidate {
  readonly edge: FleetEdge
  /** Why the last probe failed; `undefined` after a good one. */
  trouble: string | undefined
}

/** The edges as they are now: probes and people write to them, choosing reads them. */
export interface FleetState {
  readonly edges: readonly EdgeState[]
  /** @returns `undefined` for an unknown code */
  byCode(code: string): EdgeState | undefined
}

/**
 * The edges of a file. Until a probe has said otherwise each lives: a router that starts must not turn viewers away.
 *
 * @param before what was known of them when the file is read again; who was drained by a person stays so,
 * who was drained by the file as long as it says so
 */
export function fleetState({ edges }: Pick<FleetFile, 'edges'>, before?: FleetState): FleetState {
  const states = edges.map((edge): EdgeState => {
    const known = before?.byCode(edge.code)
    return {
      edge,
      code: edge.code,
      at: pointAt(edge),
      weight: edge.weight,
      capacity: edge.capacity,
      load: known?.load ?? 0,
      alive: known?.alive ?? true,
      drained: edge.drained || (known?.drained === true && !known.edge.drained),
      trouble: known?.trouble,
    }
  })
  const byCode = new Map(states.map((state) => [state.code, state]))
  return { edges: states, byCode: (code) => byCode.get(code) }
}

import { drawOf } from './draw.ts'
import { kmBetween, type Point } from './sphere.ts'

/** One edge, as far as choosing needs to know. */
export interface Candidate {
  /** Such as `cdg1`; no two are the same. */
  code: string
  at: Point
  /** Share of viewers among edges that are equally near, over 0. */
  weight: number
  /** The load from which on it takes no further viewers while another can. */
  capacity: number
  /** What it said last: 0 idle, 1 as busy as it can be. */
  load: number
  alive: boolean
  /** Taken out by a person. */
  drained: boolean
}

/** Who asks. */
export interface Asker {
  at: Point
  /** Names the network that the answer is for: whoever has the same one is sent to the same edge. */
  key: string
  /** Codes that an operator's override names, the best first; none of them may be a candidate. */
  preferred: readonly string[]
}

/** Why this edge. */
export type Because =
  /** It is the nearest. */
  | 'nearest'
  /** It shares the viewers of a region with others that are about as near. */
  | 'shared'
  /** Nearer ones are full. */
  | 'spilled'
  /** An operator's override names it. */
  | 'override'
  /** No edge that lives takes viewers: it was drained, but it lives. */
  | 'only-drained'
  /** None is known to live. It is where viewers would go: to answer nothing would help nobody. */
  | 'none-alive'

export interface Chosen {
  edge: Candidate
  km: number
  because: Because
}

/** Of two edges the one that was drawn first is taken unless it is busier by this: else all would move at once. */
const LOAD_MARGIN = 0.1

/**
 * The edge for a viewer: an override's first, else the nearest that lives, isn't drained and isn't full.
 *
 * Edges that are at most `toleranceKm` farther than the nearest share its viewers by weight: two are drawn by
 * the asker's key, and the less busy one is taken ("the power of two choices"). Equal input gives equal output, in
 * whatever order the edges are. Where all are full the nearest count as if none was.
 *
 * @returns `undefined` only where there is no edge at all
 */
export function nearest(edges: readonly Candidate[], asker: Asker, toleranceKm: number): Chosen | undefined {
  const { usable, instead } = usableOf(edges)
  const wanted = overridden(usable, asker)
  if (wanted !== undefined) return wanted

  const roomy = usable.filter(hasRoom)
  const among = roomy.length > 0 ? roomy : usable
  const measured = among.map((edge) => ({ edge, km: kmBetween(edge.at, asker.at) }))
  const leastKm = measured.reduce((least, { km }) => Math.min(least, km), Number.POSITIVE_INFINITY)
  const near = measured.filter(({ km }) => km <= leastKm + toleranceKm)
  const [only] = near
  const taken = near.length > 1 ? lessBusyOfTwo(near, asker.key) : only
  if (taken === undefined) return undefined
  if (instead !== undefined) return { ...taken, because: instead }
  const passedOver =
    roomy.length > 0 && usable.some((edge) => !hasRoom(edge) && isNearer(edge, asker, leastKm))
  if (passedOver) return { ...taken, because: 'spilled' }
  return { ...taken, because: near.length > 1 ? 'shared' : 'nearest' }
}

/** All edges with their distance, km, the nearest first. */
export function byDistance(edges: readonly Candidate[], at: Point): { edge: Candidate; km: number }[] {
  return edges
    .map((edge) => ({ edge, km: kmBetween(edge.at, at) }))
    .sort((a, b) => a.km - b.km || (a.edge.code < b.edge.code ? -1 : 1))
}

/** Whether an edge takes further viewers. */
export function hasRoom({ load, capacity }: Candidate): boolean {
  return load < capacity
}

/** Those that may be chosen of; `instead` says why not only such as live and aren't drained. */
function usableOf(edges: readonly Candidate[]): { usable: readonly Candidate[]; instead?: Because } {
  const alive = edges.filter((edge) => edge.alive)
  const open = alive.filter((edge) => !edge.drained)
  if (open.length > 0) return { usable: open }
  if (alive.length > 0) return { usable: alive, instead: 'only-drained' }
  const undrained = edges.filter((edge) => !edge.drained)
  return { usable: undrained.length > 0 ? undrained : edges, instead: 'none-alive' }
}

/** The first of an override's edges that has room, else the first that can be used at all. */
function overridden(usable: readonly Candidate[], { at, preferred }: Asker): Chosen | undefined {
  if (preferred.length === 0) return undefined
  const named = preferred.flatMap((code) => usable.filter((edge) => edge.code === code))
  const edge = named.find(hasRoom) ?? named[0]
  return edge && { edge, km: kmBetween(edge.at, at), because: 'override' }
}

function isNearer(edge: Candidate, asker: Asker, km: number): boolean {
  return kmBetween(edge.at, asker.at) < km
}

interface Measured {
  edge: Candidate
  km: number
}

/** Draws two by the key, each as likely as its weight, and takes the less busy one. */
function lessBusyOfTwo(near: readonly Measured[], key: string): Measured | undefined {
  const [first, second] = near
    .map((one) => ({ one, draw: drawOf(key, one.edge.code, one.edge.weight) }))
    .sort((a, b) => a.draw - b.draw || (a.one.edge.code < b.one.edge.code ? -1 : 1))
    .map(({ one }) => one)
  if (first === undefined || second === undefined) return first
  return fullness(first.edge) > fullness(second.edge) + LOAD_MARGIN ? second : first
}

function fullness({ load, capacity }: Candidate): number {
  return load / capacity
}

import type { Readable } from 'node:stream'
import { type Answer, failedAnswer, fieldsWithAge } from '../answer.ts'
import { type Fields, filterFields, NO_FIELDS } from '../fields.ts'
import type { Leaving } from '../leaving.ts'
import type { RequestHead } from '../message.ts'
import type { Outcome } from '../outcome.ts'
import { type Segment, type Selected, selectedOf } from '../selected.ts'
import type { Store } from '../store/store.ts'
import { readSlices, SlicesLost } from './sliced-body.ts'
import { canBeHadInSlices, type SlicedObject } from './sliced-object.ts'
import { forgetVersion, type Slices } from './slices.ts'

/** Most slices that are sought on disk before an answer begins, to tell whether it is a hit. */
const LOADS_MAX = 16

/** What upstream tells of its own cache, about the very response that it came with. */
const CACHE_FIELDS: ReadonlySet<string> = new Set(['cache-status', 'x-cache'])

/** Who asks for a response that is kept in slices, and what is known of the way so far. */
export interface SlicedAsking {
  request: RequestHead
  viewer: Leaving
  outcome: Outcome
  /** Unix ms. */
  nowMs: number
}

/**
 * The answer to a GET or HEAD out of a sliced stored response. Its first slice is here before there is an
 * answer, so that an object which turns out to be another one can be asked for anew.
 *
 * @throws SlicesLost when the stored response was of no use, and has been forgotten; ViewerGone
 */
export function answerFromSlices(
  { slices, store }: { slices: Slices; store: Store },
  object: SlicedObject,
  asking: SlicedAsking,
): Promise<Answer> | Answer {
  const { request, outcome, nowMs } = asking
  const head = { status: object.head.status, fields: fieldsWithAge(object.head, nowMs) }
  const selected = selectedOf(request, head, object.head.sliced.bytes, 'stored')
  const indexes = indexesOf(selected.segments, slices.sliceBytes)
  const [first] = indexes
  if (first === undefined) return { status: selected.status, fields: selected.fields, outcome }
  const wanted = { ...selected, indexes, first }
  return canBeHadInSlices(object.head)
    ? answerAsSlicesCome(slices, object, asking, wanted)
    : answerFromAll({ slices, store }, object, asking, wanted)
}

/** What is to be sent, and which slices that takes, in order. */
interface Wanted extends Selected {
  indexes: readonly number[]
  first: number
}

async function answerAsSlicesCome(
  slices: Slices,
  object: SlicedObject,
  { viewer, outcome }: SlicedAsking,
  { status, fields, segments, indexes, first }: Wanted,
): Promise<Answer> {
  const areHere = await areAllHere(slices, object, indexes)
  const landing = await slices.pull(object, first, viewer)
  if (Buffer.isBuffer(landing)) {
    const body = bodyOf(slices, object, segments, new Map([[first, landing]]))
    if (areHere) return { status, fields, body, outcome }
    return { status, fields: toldBy(fields, NO_FIELDS), body, outcome: fetchedOutcome(outcome, 0) }
  }
  switch (landing.kind) {
    case 'slice': {
      const body = bodyOf(slices, object, segments, new Map([[first, landing.body]]))
      const told = toldBy(fields, indexes.length === 1 ? landing.fields : NO_FIELDS)
      return { status, fields: told, body, outcome: fetchedOutcome(outcome, landing.upstreamUs) }
    }
    case 'failed':
      return failedAnswer(landing.error, fetchedOutcome(outcome, landing.upstreamUs))
    case 'changed':
      throw new SlicesLost()
  }
}

/** Upstream can't give a slice again, so all of them are held until they are sent. */
async function answerFromAll(
  { slices, store }: { slices: Slices; store: Store },
  object: SlicedObject,
  { outcome }: SlicedAsking,
  { status, fields, segments, indexes }: Wanted,
): Promise<Answer> {
  const held = new Map<number, Buffer>()
  for (const index of indexes) {
    const slice = slices.held(object, index) ?? (await slices.load(object, index))
    if (slice === undefined) {
      forgetVersion(store, object)
      throw new SlicesLost()
    }
    held.set(index, slice)
  }
  return { status, fields, body: bodyOf(slices, object, segments, held), outcome }
}

/** Whether no slice needs to be fetched; of those that memory doesn't have, only so many are sought. */
async function areAllHere(
  slices: Slices,
  object: SlicedObject,
  indexes: readonly number[],
): Promise<boolean> {
  let loads = 0
  for (const index of indexes) {
    if (slices.held(object, index) !== undefined) continue
    loads += 1
    if (loads > LOADS_MAX || (await slices.load(object, index)) === undefined) return false
  }
  return true
}

function bodyOf(
  slices: Slices,
  object: SlicedObject,
  segments: readonly Segment[],
  held: Map<number, Buffer>,
): Buffer | Readable {
  const [only] = segments
  if (segments.length === 1 && only !== undefined && !Buffer.isBuffer(only)) {
    const index = Math.floor(only.first / slices.sliceBytes)
    const begin = index * slices.sliceBytes
    // Within one slice, which is here: no stream is needed.
    const slice = only.last < begin + slices.sliceBytes ? held.get(index) : undefined
    if (slice !== undefined) return slice.subarray(only.first - begin, only.last + 1 - begin)
  }
  return readSlices(slices, object, segments, held)
}

/** The slices that hold the segments, in order, each once. */
function indexesOf(segments: readonly Segment[], sliceBytes: number): readonly number[] {
  const indexes = new Set<number>()
  for (const segment of segments) {
    if (Buffer.isBuffer(segment)) continue
    for (let at = Math.floor(segment.first / sliceBytes); at * sliceBytes <= segment.last; at += 1)
      indexes.add(at)
  }
  return [...indexes]
}

/** A hit that isn't one: some of its bytes come from upstream. */
function fetchedOutcome(outcome: Outcome, upstreamUs: number): Outcome {
  const { forward = 'partial', forwardStatus = 206 } = outcome
  return { ...outcome, kind: 'miss', forward, forwardStatus, upstreamUs: outcome.upstreamUs + upstreamUs }
}

/**
 * What the stored head tells of caches on the way is about another exchange. Where one response of upstream's
 * brought all that was missing, it is told what that one says.
 */
function toldBy(fields: Fields, upstream: Fields): Fields {
  return [
    ...filterFields(fields, (name) => !CACHE_FIELDS.has(name)),
    ...filterFields(upstream, (name) => CACHE_FIELDS.has(name)),
  ]
}

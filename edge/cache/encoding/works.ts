import { type ByteBudget, createByteBudget, SharedBody } from '../fetch/shared-body.ts'
import type { Store } from '../store/store.ts'
import type { StoredHead, StoredResponse } from '../store/stored-response.ts'
import type { Coding } from './accept-encoding.ts'
import { createEncoder, type Effort, type Encoder, LEVELS } from './encoders.ts'
import { encodedResponse, formKey, formVersion } from './form.ts'

/**
 * How many forms one worker makes at a time; what is asked for beyond that goes out as it is. Finals take
 * a thread of libuv's pool each for as long as they last, and the pool's others (of four) are for files and
 * names. Drafts are as slow as their origin and cheap, yet each holds an encoder's window.
 */
const AT_ONCE_MAX: Readonly<Record<Effort, number>> = { draft: 32, final: 2 }

/** How many bodies that don't get smaller are remembered. */
const FUTILE_MAX = 10_000

/** What was made since the start. */
export interface WorkCounts {
  /** Forms that were begun. */
  readonly begun: Record<Effort, number>
  /** Bodies that went out as they are because too much was being made. */
  declined: number
  /** Bytes of the bodies that were encoded, and of what was made of them. */
  bytesIn: number
  bytesOut: number
}

/** What a form is made of. */
export interface Material {
  key: string
  coding: Coding
  head: StoredHead
  /** Length of the body, bytes. */
  bytes: number
  /** Writes the body to its encoder. */
  feed(encoder: Encoder, coding: Coding): void
}

/** Makes encoded forms: each one once at a time, a bounded number at once, and keeps what comes of it. */
export interface Works {
  /** Makes a form of a stored body, or joins in where it is being made; `undefined` when too much is. */
  beginFinal(made: { key: string; stored: StoredResponse; coding: Coding }): SharedBody | undefined
  /** Makes a form of a body while it arrives. */
  beginDraft(made: Material): SharedBody | undefined
  /** Whether the form is known to be no smaller than the body as it is. */
  isFutile(head: StoredHead, coding: Coding): boolean
  readonly counts: WorkCounts
}

/** @param arriving memory for drafts; there are too few finals at a time for them to need any bound */
export function createWorks({ store, arriving }: { store: Store; arriving: ByteBudget }): Works {
  const budgets = { draft: arriving, final: createByteBudget(Number.POSITIVE_INFINITY) }
  const underWay = new Map<string, SharedBody>()
  const atOnce = { draft: 0, final: 0 }
  const futile = new Set<string>()
  const counts: WorkCounts = { begun: { draft: 0, final: 0 }, declined: 0, bytesIn: 0, bytesOut: 0 }

  function begin(effort: Effort, material: Material): SharedBody | undefined {
    const { coding, head, bytes, feed } = material
    const id = formVersion(head.version, coding, 'final')
    const joined = underWay.get(id)
    if (joined?.joinable) return joined
    if (atOnce[effort] >= AT_ONCE_MAX[effort]) return undefined
    atOnce[effort] += 1
    counts.begun[effort] += 1
    const encoder = createEncoder(coding, LEVELS[coding][effort], bytes)
    feed(encoder, coding)
    // What can't be made smaller gets a little larger.
    const form = new SharedBody(encoder, { keptBytesMax: 2 * bytes, budget: budgets[effort] })
    underWay.set(id, form)
    void form.whole.then((whole) => {
      atOnce[effort] -= 1
      if (underWay.get(id) === form) underWay.delete(id)
      if (whole !== undefined) settle(effort, material, whole)
    })
    return form
  }

  function settle(effort: Effort, { key, coding, head, bytes }: Material, body: Buffer): void {
    counts.bytesIn += bytes
    counts.bytesOut += body.byteLength
    if (body.byteLength >= bytes) {
      if (futile.size >= FUTILE_MAX) futile.clear()
      futile.add(formVersion(head.version, coding, 'final'))
      return
    }
    // It may have been dropped or replaced meanwhile, and then this is a form of nothing.
    const stored = store.peek(key).find(({ version }) => version === head.version)
    if (stored === undefined) return
    const version = formVersion(head.version, coding, effort)
    store.put(formKey(key, coding), { ...encodedResponse(stored, coding, body), version })
  }

  return {
    beginFinal: ({ key, stored, coding }) =>
      begin('final', {
        key,
        coding,
        head: stored,
        bytes: stored.body.byteLength,
        feed: (encoder) => void encoder.end(stored.body),
      }),
    beginDraft: (made) => begin('draft', made),
    isFutile: (head, coding) => futile.has(formVersion(head.version, coding, 'final')),
    counts,
  }
}

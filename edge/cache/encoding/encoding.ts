import type { Readable } from 'node:stream'
import type { ByteBudget, SharedBody } from '../fetch/shared-body.ts'
import { firstValue } from '../fields.ts'
import type { RequestHead } from '../message.ts'
import { ifRangeHolds, preconditionOf } from '../rules/conditional.ts'
import type { CacheRules } from '../rules/rules.ts'
import type { Store } from '../store/store.ts'
import { announcedBytes, type StoredHead, type StoredResponse } from '../store/stored-response.ts'
import { type Coding, codingFor, memoisedAcceptance } from './accept-encoding.ts'
import { isEncodable } from './encoded-fields.ts'
import { type Encoder, encodeAsItComes } from './encoders.ts'
import { encodedHead, encodedResponse, formKey, formOf, isDraft, varied, variedHead } from './form.ts'
import { createWorks, type WorkCounts } from './works.ts'

/**
 * Up to this length an encoding is waited for, so that its own length can be told and it needn't be sent if
 * it is no smaller; a longer one is sent while it is made. Bytes. So much JavaScript took Brotli 12 ms, and
 * the 180 KB that it saves take 14 ms at 100 Mbit/s: waiting is quicker than sending the body as it is.
 */
const WAITED_FOR_BYTES_MAX = 262_144

/** Who asks, and what may be done for them. */
export interface EncodingAsked {
  request: RequestHead
  /** `Accept-Encoding` as the viewer sent it; `undefined` from whoever can't take a coding. */
  acceptEncoding?: string | undefined
  rules: Pick<CacheRules, 'encodings'>
}

/** The form of a response that one viewer is given: a stored one, or one that still arrives. */
export type Form = { stored: StoredResponse } | ArrivingForm

/** A form whose body is still being made, or still comes in. */
export interface ArrivingForm {
  head: StoredHead
  read(): Readable
}

/** Gives every viewer the form of a response that it takes, and has each made once. */
export interface Encoding {
  /** The form to give of a stored response. Without I/O once that form is known. */
  ofStored(asked: EncodingAsked, key: string, stored: StoredResponse): Form | Promise<Form>
  /** The form to give of a response that is still arriving. */
  ofArriving(asked: EncodingAsked, key: string, head: StoredHead, body: SharedBody): ArrivingForm
  /** The form to give of a response that has just arrived. */
  ofArrived(asked: EncodingAsked, key: string, stored: StoredResponse): Form
  readonly counts: WorkCounts
}

/**
 * Encodes stored responses for viewers, and keeps what was made beside them.
 *
 * While an object arrives for the first time it is encoded as it comes, with little effort (`draft`), once
 * for all who wait; that draft is kept and serves until somebody asks again, when the object is encoded
 * once more and well (`final`). Whoever asks while a form is being made joins in: a wait of some
 * milliseconds for a small one, and a large one is sent while it is made. When too much is being made
 * already, bodies go out as they are. Freshness, invalidation and everything else about a response are its
 * own; its forms count only as long as they are of its `version`.
 *
 * @param arriving memory for drafts
 */
export function createEncoding(parts: { store: Store; arriving: ByteBudget }): Encoding {
  const { store } = parts
  const works = createWorks(parts)
  const negotiable = new WeakMap<StoredHead, boolean>()

  function ofStored(asked: EncodingAsked, key: string, stored: StoredResponse): Form | Promise<Form> {
    const bytes = stored.body.byteLength
    if (stored.sliced !== undefined || !isNegotiable(asked, stored, bytes)) return { stored }
    const coding = codingOf(asked, stored)
    if (coding === undefined) return { stored: variedHead(stored) }
    const kept = formOf(store.variants(formKey(key, coding)), stored, coding)
    if (kept === undefined) {
      return works.isFutile(stored, coding)
        ? { stored: variedHead(stored) }
        : ofUnknown(asked, key, stored, coding)
    }
    if (isDraft(kept)) works.beginFinal({ key, stored, coding })
    return { stored: encodedResponse(stored, coding, kept.body) }
  }

  async function ofUnknown(
    { request }: EncodingAsked,
    key: string,
    stored: StoredResponse,
    coding: Coding,
  ): Promise<Form> {
    const head = encodedHead(stored, coding)
    if (isBodyless(request, head)) return { head, read: unread }
    await store.load(formKey(key, coding))
    const kept = formOf(store.peek(formKey(key, coding)), stored, coding)
    if (kept !== undefined) return { stored: encodedResponse(stored, coding, kept.body) }
    const work = works.beginFinal({ key, stored, coding })
    if (work === undefined) return declined({ stored: variedHead(stored) })
    if (stored.body.byteLength > WAITED_FOR_BYTES_MAX) return { head, read: () => work.read() }
    const body = await work.whole
    const isSmaller = body !== undefined && body.byteLength < stored.body.byteLength
    return isSmaller ? { stored: encodedResponse(stored, coding, body) } : { stored: variedHead(stored) }
  }

  function ofArriving(asked: EncodingAsked, key: string, head: StoredHead, body: SharedBody): ArrivingForm {
    const asItIs = (head: StoredHead) => ({ head, read: () => body.read() })
    const feed = (encoder: Encoder, coding: Coding) => encodeAsItComes(body.read(), encoder, coding)
    return drafted(asked, key, head, { asItIs, feed })
  }

  function ofArrived(asked: EncodingAsked, key: string, stored: StoredResponse): Form {
    const asItIs = (stored: StoredResponse) => ({ stored })
    const feed = (encoder: Encoder) => void encoder.end(stored.body)
    return drafted(asked, key, stored, { asItIs, feed })
  }

  /** The form for whoever asks first, encoded with little effort where they take a coding. */
  function drafted<Head extends StoredHead, Given extends Form>(
    asked: EncodingAsked,
    key: string,
    head: Head,
    { asItIs, feed }: { asItIs(head: Head): Given; feed(encoder: Encoder, coding: Coding): void },
  ): Given | ArrivingForm {
    const bytes = announcedBytes(head.fields)
    // A body of unknown length may be one that is made as it goes, and wants to be seen as it goes.
    // Not remembered, as what is worked out for a hit is: most of what arrives is never asked for again.
    const isNegotiated = bytes !== undefined && asked.rules.encodings.length > 0 && isEncodable(head, bytes)
    if (!isNegotiated) return asItIs(head)
    const coding = codingOf(asked, head)
    if (coding === undefined) return asItIs(varied(head))
    const form = encodedHead(head, coding)
    if (isBodyless(asked.request, form)) return { head: form, read: unread }
    const work = works.beginDraft({ key, head, coding, bytes, feed })
    return work === undefined ? declined(asItIs(varied(head))) : { head: form, read: () => work.read() }
  }

  function declined<Given extends Form>(asItIs: Given): Given {
    works.counts.declined += 1
    return asItIs
  }

  /** Whether the viewer's `Accept-Encoding` decides over what is sent. */
  function isNegotiable({ rules }: EncodingAsked, head: StoredHead, bytes: number): boolean {
    if (rules.encodings.length === 0) return false
    const known = negotiable.get(head)
    if (known !== undefined) return known
    const is = isEncodable(head, bytes)
    negotiable.set(head, is)
    return is
  }

  return { ofStored, ofArriving, ofArrived, counts: works.counts }
}

/** Gives everybody what is stored. */
export const AS_STORED: Pick<Encoding, 'ofStored' | 'ofArriving' | 'ofArrived'> = {
  ofStored: (_asked, _key, stored) => ({ stored }),
  ofArrived: (_asked, _key, stored) => ({ stored }),
  ofArriving: (_asked, _key, head, body) => ({ head, read: () => body.read() }),
}

/** A part is a part of the body as it is: ranges of two encodings can't be put together (RFC 9110 §14.2). */
function codingOf({ request, acceptEncoding, rules }: EncodingAsked, head: StoredHead): Coding | undefined {
  const coding = codingFor(memoisedAcceptance(acceptEncoding), rules.encodings)
  if (coding === undefined) return undefined
  const wantsPart = firstValue(request.fields, 'range') !== undefined
  return wantsPart && ifRangeHolds(request.fields, head.fields) ? undefined : coding
}

/** Whether the answer will have no body, so that none need be made for it. */
function isBodyless(request: RequestHead, head: StoredHead): boolean {
  if (request.method === 'HEAD') return true
  return head.status === 200 && preconditionOf(request.fields, head.fields, 'received') !== 'answer'
}

function unread(): Readable {
  throw new Error('an answer without a body was read')
}

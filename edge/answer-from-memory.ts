import { refusalOf, type Served, served } from './answer-viewer.ts'
import { answerFromStored } from './cache/answer.ts'
import { type Fields, NO_FIELDS } from './cache/fields.ts'
import type { Request, RequestHead } from './cache/message.ts'
import { type Deadlines, ttlSeconds } from './cache/rules/freshness.ts'
import type { StoredResponse } from './cache/store/stored-response.ts'
import { keyOfForwarded } from './distribution/cache-key.ts'
import { isDeviceHeader } from './distribution/device.ts'
import { behaviorOf, type MatchedDistribution } from './distribution/match.ts'
import { isMisdirected } from './distribution/misdirected.ts'
import { normalisedTarget } from './distribution/normalise.ts'
import type { PreparedBehavior } from './distribution/prepared-behavior.ts'
import type { Selection } from './distribution/selection.ts'
import { withIndex } from './distribution/target.ts'
import type { Edge } from './edge.ts'
import type { Place } from './geo/place.ts'
import { fieldsIn } from './listen/field-lines.ts'
import type { AskedHead, PlainHead } from './listen/plain-head.ts'
import { type ConnectionFacts, hostIn, nameOf } from './listen/request.ts'
import { type Form, fits, NO_REQUEST_ID, type WireForm } from './listen/wire-form.ts'
import type { ConnectionWords } from './log/prepared-line.ts'
import { forwardedRequest } from './viewer-asking.ts'

/** Who asks: what doesn't change from one request of a connection to the next. */
export interface Asker extends ConnectionFacts {
  scheme: 'http' | 'https'
  /** As `HTTP/1.1`. */
  protocolVersion: string
  place: Place
  /** How the log words it, once it has. */
  words?: ConnectionWords
}

/** A request's whole answer out of memory. */
export interface Hit<Kept extends Form = Form> {
  form: Kept
  hostName: string
  /** Path and query, normalised. */
  target: string
  /** Whether the same request would be answered by the same form at `nowMs` (Unix ms). */
  holds(nowMs: number): boolean
}

/** The answer that `answerViewer` would give, if that is a fresh hit in memory and nothing else; else `undefined`. */
export type LookUp<Head extends AskedHead = PlainHead, Kept extends Form = WireForm> = (
  head: Head,
  asker: Asker,
  nowMs: number,
) => Hit<Kept> | undefined

/** How one version of HTTP is read and written. */
export interface Wording<Head extends AskedHead, Kept extends Form> {
  /** A request's fields of these names, which are in lower case. */
  fieldsOf(head: Head, names: readonly string[]): Fields
  /**
   * @param told worded with `NO_REQUEST_ID`
   * @param closes whether the connection ends with this response
   * @param nowMs when it was worded, Unix ms
   * @returns `undefined` for an answer whose fields aren't as expected: it has to go the long way
   */
  formOf(told: Served, deadlines: Deadlines, closes: boolean, nowMs: number): Kept | undefined
}

/** A host as viewers write it, and whose it is. */
interface Site {
  host: string
  hostName: string
  distribution: MatchedDistribution
}

/** Spellings of hosts that are remembered; whoever makes them up must not fill memory. */
const SITES_MAX = 1_000

/**
 * Answers from memory, by the very functions that `answerViewer` goes by, so that both ways say the same;
 * what they say is kept beside each stored response as it goes over the wire. What takes more than memory, or
 * more than a plain site (see `isPlain`), is left to `answerViewer`.
 */
export function answerFromMemory<Head extends AskedHead, Kept extends Form>(
  edge: Edge,
  { fieldsOf, formOf }: Wording<Head, Kept>,
): LookUp<Head, Kept> {
  const siteOf = sitesOnConnections(edge)
  const formsOf = keptForms(edge, formOf)

  return (head, asker, nowMs) => {
    const { scheme, place } = asker
    const { method } = head
    const site = siteOf(head.host, asker)
    const target = normalisedTarget(head.target)
    if (site === undefined || target === undefined) return undefined
    const { host, hostName, distribution } = site
    const meant = withIndex(target, distribution)
    const behavior = behaviorOf(distribution, meant)
    if (!isPlain(behavior)) return undefined
    const bare: Request = { method, scheme, host, target: meant, fields: NO_FIELDS }
    if (refusalOf(edge, { request: { ...bare, target } }, behavior) !== undefined) return undefined

    /** The request as it goes on, as far as these of the viewer's fields make it. */
    const forwarded = (fields: Fields) =>
      forwardedRequest(edge, asker, { place, behavior }, { ...bare, fields })
    // Most answers depend on no field, and reading them all would cost more than the rest of this.
    const { selection } = behavior
    const inKey = selection === undefined ? conditionsOf(head) : fieldsOf(head, namesInKey(selection))
    const request = inKey === NO_FIELDS ? bare : forwarded(inKey)
    const found = edge.cache.inMemory({
      key: keyOfForwarded(distribution.id, request, selection)(request.target),
      request,
      acceptEncoding: head.acceptEncoding,
      rules: behavior.rules,
      selecting: (names) => forwarded(fieldsOf(head, [...names, 'connection'])).fields,
    })
    if (found === undefined || distribution.errorPages.has(found.stored.status)) return undefined
    const form = formsOf(head, request, { stored: found.stored, distribution, nowMs })
    if (form === undefined) return undefined
    return { form, hostName, target, holds: (nowMs) => fits(form, nowMs) && found.holds(nowMs) }
  }
}

function conditionsOf({ conditions }: AskedHead): Fields {
  return conditions === '' ? NO_FIELDS : fieldsIn(conditions)
}

/** Fields that ask for less than the whole, and the one that could name others as being of this connection alone. */
const ALWAYS_READ = ['if-none-match', 'if-modified-since', 'range', 'connection']

const read = new WeakMap<Selection, readonly string[]>()

/** Names of a viewer's fields on which a hit depends under a cache policy. */
function namesInKey(selection: Selection): readonly string[] {
  const known = read.get(selection)
  if (known !== undefined) return known
  const { headers, cookies } = selection.key
  const names = [...ALWAYS_READ, ...headers, ...(cookies === 'none' ? [] : ['cookie'])]
  if (headers.some(isDeviceHeader)) names.push('user-agent')
  read.set(selection, names)
  return names
}

/** Whether a behaviour leaves nothing to do for each request that only the long way does. */
function isPlain({ changeResponse, requestDirectives }: PreparedBehavior): boolean {
  return changeResponse === undefined && requestDirectives === 'ignore'
}

/** The site of a host, unless it doesn't answer on the asker's connection. */
function sitesOnConnections(edge: Edge): (host: string, asker: Asker) => Site | undefined {
  const siteOf = rememberedSites(edge)
  return (host, { scheme, servername }) => {
    const site = siteOf(host, scheme)
    if (site === undefined) return undefined
    const { hostName, distribution } = site
    return isMisdirected(edge.distributions, servername, hostName, distribution) ? undefined : site
  }
}

function rememberedSites(edge: Edge): (host: string, scheme: Asker['scheme']) => Site | undefined {
  const byScheme = { http: new Map<string, Site>(), https: new Map<string, Site>() }
  return (written, scheme) => {
    const sites = byScheme[scheme]
    const known = sites.get(written)
    if (known !== undefined) return known
    const host = hostIn(written, scheme)
    if (host === undefined) return undefined
    const hostName = nameOf(host)
    const distribution = edge.distributions.ofHost(hostName)
    if (distribution === undefined) return undefined
    if (sites.size >= SITES_MAX) sites.clear()
    const site = { host, hostName, distribution }
    // A part of a larger text would keep all of that in memory.
    sites.set(Buffer.from(written, 'latin1').toString('latin1'), site)
    return site
  }
}

/** What stands beside one stored body: how it is said, as bytes. */
interface Forms<Kept> {
  fields: StoredResponse['fields']
  deadlines: StoredResponse['deadlines']
  distribution: MatchedDistribution
  /** By whether the connection ends, the method, and the conditions. */
  made: Map<string, Kept>
}

/** Forms are made when they are first asked for, and forgotten with the body that they stand beside. */
function keptForms<Kept extends Form>(edge: Edge, formOf: Wording<never, Kept>['formOf']) {
  const byBody = new WeakMap<Buffer, Forms<Kept>>()

  function formsBeside(stored: StoredResponse, distribution: MatchedDistribution): Forms<Kept> {
    const { body, fields, deadlines } = stored
    const known = byBody.get(body)
    const isCurrent =
      known !== undefined &&
      known.fields === fields &&
      known.deadlines === deadlines &&
      known.distribution === distribution
    if (isCurrent) return known
    const forms = { fields, deadlines, distribution, made: new Map<string, Kept>() }
    byBody.set(body, forms)
    return forms
  }

  function make(request: RequestHead, { stored, distribution, nowMs }: Wanted, closes: boolean) {
    const { deadlines } = stored
    const outcome = { kind: 'hit', upstreamUs: 0, ttlSeconds: ttlSeconds(deadlines, nowMs) } as const
    const answer = answerFromStored(request, stored, outcome, nowMs)
    const told = served(edge, { request, requestId: NO_REQUEST_ID }, { place: NOWHERE, distribution }, answer)
    return formOf(told, deadlines, closes, nowMs)
  }

  return (head: AskedHead, request: RequestHead, wanted: Wanted): Kept | undefined => {
    const { made } = formsBeside(wanted.stored, wanted.distribution)
    const name = `${head.closes ? 'close' : 'keep'} ${head.method} ${head.conditions}`
    const known = made.get(name)
    if (known !== undefined && fits(known, wanted.nowMs)) return known
    const form = make(request, wanted, head.closes)
    if (form === undefined || !isKept(form, head)) return form
    if (made.size >= FORMS_MAX) made.clear()
    made.set(name, form)
    return form
  }
}

/** Forms beside one body. Most have four at most; whoever asks for parts could make up any number. */
const FORMS_MAX = 16

/** Largest form of a part that is kept, bytes, and of what asks for it, characters. */
const PART_BYTES_MAX = 8_192
const CONDITIONS_LENGTH_MAX = 256

function isKept(form: Form, { conditions }: AskedHead): boolean {
  return conditions === '' || (form.bytes <= PART_BYTES_MAX && conditions.length <= CONDITIONS_LENGTH_MAX)
}

/** What is to be said, of which site's, and when (Unix ms). */
interface Wanted {
  stored: StoredResponse
  distribution: MatchedDistribution
  nowMs: number
}

/** Forms are for all viewers, wherever they are; the log asks the connection. */
const NOWHERE: Place = { country: '' }

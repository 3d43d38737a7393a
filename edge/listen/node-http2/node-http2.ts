import { performServerHandshake, type ServerHttp2Stream } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import type { Logger } from 'pino'
import type { LookUp } from '../../answer-from-memory.ts'
import type { Fields } from '../../cache/fields.ts'
import { ttlSeconds } from '../../cache/rules/freshness.ts'
import { interimTo } from '../../distribution/interim.ts'
import type { Place } from '../../geo/place.ts'
import type { HitLog } from '../../log/hit-log.ts'
import { answerRequest, type Behind } from '../answering.ts'
import { fieldsOfHttp2, type Http2Head, http2Head } from '../http2/head.ts'
import type { Http2 } from '../http2/http2.ts'
import { connectionOf, REQUEST_HEAD_BYTES_MAX, unreadableRequest, viewerRequestOf } from '../request.ts'
import { nextRequestIdBytes } from '../request-id.ts'
import type { ListenLimits } from '../settings.ts'
import { QUICK_BYTES_MAX } from '../wire-form.ts'
import { type Clock, sinceUs } from '../write-hit.ts'
import { endWhenDone, type Http2Connection, holdToLimits, LimitBroken, type Plan } from './connection.ts'
import { type FieldForm, fillIn } from './field-form.ts'
import { bodyOf, type OpenStream, openStream, sendBody } from './open-stream.ts'
import { CONNECTION_WINDOW_BYTES, sessionOptions } from './options.ts'
import { streamOutlet } from './stream-outlet.ts'

/** What HTTP/2 is answered with. */
export interface NodeHttp2Parts {
  behind: Behind
  /** `undefined` where everything is to go the long way. */
  lookUp: LookUp<Http2Head, FieldForm> | undefined
  hits: HitLog
  placeOf(address: string): Place
  limits: ListenLimits
  /** The clock by which responses age, Unix ms. */
  now(): number
  log: Logger
}

/** How often connections are looked over, ms. */
const SWEEP_MS = 1_000

/** Answers HTTP/2 by node:http2's streams. */
export function nodeHttp2(parts: NodeHttp2Parts): Http2 {
  const { behind, lookUp, hits, placeOf, limits, now, log } = parts
  const options = sessionOptions(limits)
  const connections = new Set<Http2Connection>()
  let answered = 0
  let broken = 0
  let coarseMs = performance.now()
  let isClosing = false
  const { promise: closed, resolve: allClosed } = Promise.withResolvers<void>()

  const timer = setInterval(() => {
    const nowMs = performance.now()
    const look = { nowMs, sinceLastMs: nowMs - coarseMs }
    coarseMs = nowMs
    for (const c of connections) holdToLimits(c, look, limits)
  }, SWEEP_MS)
  timer.unref()

  function take(socket: TLSSocket): void {
    const session = performServerHandshake(socket, options)
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES)
    const facts = connectionOf(socket)
    const c: Http2Connection = {
      socket,
      session,
      asker: { ...facts, scheme: 'https', protocolVersion: 'HTTP/2.0', place: placeOf(facts.address) },
      open: new Set(),
      plan: undefined,
      asked: 0,
      idleSinceMs: coarseMs,
      endingSinceMs: undefined,
      requestBytes: 0,
      controlBytes: 0,
      takenBytes: 0,
      takenSinceMs: coarseMs,
    }
    connections.add(c)
    session.on('stream', (stream, _fields, _flags, raw) => received(c, stream, raw))
    session.on('error', (error: NodeJS.ErrnoException) => {
      if (error instanceof LimitBroken || error.code?.startsWith('ERR_HTTP2_') === true) broken += 1
    })
    // Nothing more can be asked, and no window be opened.
    socket.once('end', () => session.destroy())
    socket.once('close', () => {
      connections.delete(c)
      if (isClosing && connections.size === 0) allClosed()
    })
    if (isClosing) endWhenDone(c, coarseMs)
  }

  function received(c: Http2Connection, stream: ServerHttp2Stream, raw: string[]): void {
    const startedMs = performance.now()
    c.asked += 1
    // Reset by the very packet that it came in.
    if (stream.destroyed || stream.closed) return
    const one = openStream(stream, coarseMs)
    c.open.add(one)
    // Why a stream broke is of no interest: that it did, its `close` tells.
    stream.on('error', nothing)
    // Not `once`, which costs one listener more to take off.
    stream.on('close', () => {
      c.open.delete(one)
      c.idleSinceMs = coarseMs
      c.requestBytes += one.receivedBytes
    })
    if (answerAgain(c, one, raw, startedMs)) return
    const head = http2Head(raw)
    one.receivedBytes = head.bytes
    if (head.bytes > REQUEST_HEAD_BYTES_MAX) refuse(c, one, head)
    else if (!answerFromMemory(c, one, head, startedMs)) answer(c, one, head)
  }

  /** A head that comes twice in a row has the same answer. */
  function answerAgain(c: Http2Connection, one: OpenStream, raw: Fields, startedMs: number): boolean {
    const { plan } = c
    if (plan === undefined || !isSame(plan.head.raw, raw) || !one.stream.endAfterHeaders) return false
    const nowMs = now()
    if (!plan.hit.holds(nowMs)) return false
    if (plan.expected.repeated === undefined) plan.expected = hits.expectAgain(plan.expected)
    one.receivedBytes = plan.head.bytes
    say(c, one, plan, { startedMs, nowMs })
    return true
  }

  function answerFromMemory(
    c: Http2Connection,
    one: OpenStream,
    head: Http2Head,
    startedMs: number,
  ): boolean {
    if (lookUp === undefined || head.needsLongWay || !one.stream.endAfterHeaders) return false
    const nowMs = now()
    try {
      const hit = lookUp(head, c.asker, nowMs)
      if (hit === undefined) return false
      c.plan = { head, hit, expected: hits.expect(hit, head, c.asker) }
      say(c, one, c.plan, { startedMs, nowMs })
      return true
    } catch (error) {
      // Whatever goes wrong, the long way answers.
      log.error({ error: String(error) }, 'an answer from memory failed')
      c.plan = undefined
      return false
    }
  }

  function say(
    c: Http2Connection,
    one: OpenStream,
    { hit, expected }: Plan,
    { startedMs, nowMs }: Clock,
  ): void {
    const { stream } = one
    const { form } = hit
    const id = nextRequestIdBytes()
    fillIn(form, id.toString('latin1'), nowMs)
    one.givenBytes = form.bytes - (form.body?.byteLength ?? 0)
    if (form.body === undefined) stream.respond(form.fields, ALL)
    else {
      stream.respond(form.fields)
      sendBody(one, form.body, c.open)
    }
    answered += 1
    const firstByteUs = sinceUs(startedMs)
    const ttlNow = ttlSeconds(form.deadlines, nowMs)
    const told = (requestId: Buffer, takenUs: number) => {
      hits.sent(expected, hit, { timeMs: Date.now(), requestId, firstByteUs, takenUs, ttlSeconds: ttlNow })
    }
    if (form.bytes <= QUICK_BYTES_MAX) {
      told(id, firstByteUs)
      return
    }
    // A large one is on its way for a while: the log says how long.
    const kept = Buffer.from(id)
    stream.on('close', () => told(kept, sinceUs(startedMs)))
  }

  function answer(c: Http2Connection, one: OpenStream, head: Http2Head): void {
    const { stream } = one
    const outlet = streamOutlet(one, head.methodAsked, c.open)
    const hasBody = !stream.endAfterHeaders && head.length !== '0'
    if (hasBody) one.requestTimedOut = outlet.timeOut
    const viewer = viewerRequestOf({
      ...c.asker,
      method: head.methodAsked,
      target: head.target,
      fields: fieldsOfHttp2(head),
      body: hasBody ? bodyOf(one) : undefined,
      gone: outlet.gone,
      malformed: head.malformed,
    })
    viewer.request.informed = interimTo({ httpVersion: '2.0' }, outlet)
    if (hasBody && head.expectsContinue) stream.additionalHeaders({ ':status': 100 })
    void answerRequest(viewer, outlet, behind)
  }

  /** A head too large is answered as one that nobody could read, as it is by HTTP/1.1. */
  function refuse(c: Http2Connection, one: OpenStream, head: Http2Head): void {
    const viewer = unreadableRequest(c.socket, 'https')
    const outlet = streamOutlet(one, head.methodAsked, c.open)
    void answerRequest(viewer, outlet, { ...behind, answer: async () => behind.unreadable(viewer, 413) })
  }

  return {
    take,
    brokenBy: new Map(),
    get answered() {
      return answered
    },
    get broken() {
      return broken
    },
    async close() {
      isClosing = true
      for (const c of connections) endWhenDone(c, performance.now())
      if (connections.size > 0) await closed
      clearInterval(timer)
    },
  }
}

const ALL = { endStream: true }

function nothing(): void {}

function isSame(one: Fields, other: Fields): boolean {
  if (one.length !== other.length) return false
  for (let at = 0; at < one.length; at += 1) if (one[at] !== other[at]) return false
  return true
}

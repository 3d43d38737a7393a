import type { TLSSocket } from 'node:tls'
import type { Logger } from 'pino'
import type { Asker, LookUp } from '../../answer-from-memory.ts'
import { interimTo } from '../../distribution/interim.ts'
import type { Place } from '../../geo/place.ts'
import type { HitLog } from '../../log/hit-log.ts'
import { answerRequest, type Behind } from '../answering.ts'
import { connectionOf, REQUEST_HEAD_BYTES_MAX, unreadableRequest, viewerRequestOf } from '../request.ts'
import type { ListenLimits } from '../settings.ts'
import type { BehindUpgrade } from '../upgrade.ts'
import type { BlockForm } from './block-form.ts'
import { nameOfCode } from './control-frames.ts'
import { answerExtendedConnect } from './extended-connect.ts'
import { requestFault } from './field-rules.ts'
import { CODE } from './frames.ts'
import { fieldsOfHttp2, type Http2Head, http2Head } from './head.ts'
import type { HeaderBlock } from './header-block.ts'
import { encodedBlock } from './hpack/encode.ts'
import { Incoming, type Requests } from './incoming.ts'
import { LimitBroken } from './limit-broken.ts'
import { type Priority, priorityIn } from './priority.ts'
import { ReadyHits } from './ready-hits.ts'
import { RequestBody } from './request-body.ts'
import { Session, type SessionMeans } from './session.ts'
import type { Stream } from './stream.ts'
import { streamOutlet } from './stream-outlet.ts'
import { holdToLimits, type Taken } from './watch.ts'

/** What HTTP/2 is answered with. */
export interface Http2Parts {
  behind: Behind
  behindUpgrade: BehindUpgrade
  /** `undefined` where everything is to go the long way. */
  lookUp: LookUp<Http2Head, BlockForm> | undefined
  hits: HitLog
  placeOf(address: string): Place
  limits: ListenLimits
  /** The clock by which responses age, Unix ms. */
  now(): number
  log: Logger
}

/** Answers the connections that chose `h2` (RFC 9113). */
export interface Http2 {
  /** Takes a connection on which nothing was read yet. It was counted when it came in. */
  take(socket: TLSSocket): void
  /** How many requests were answered from memory. */
  readonly answered: number
  /** Connections that were ended because what came over them broke the protocol or a limit. */
  readonly broken: number
  /** The same by what it was: an error's name in RFC 9113 §7, or the limit. */
  readonly brokenBy: ReadonlyMap<string, number>
  /** Takes no more requests; resolves when all connections have ended. */
  close(): Promise<void>
}

/** How often connections are looked over, ms. */
const SWEEP_MS = 1_000

/** Whether extended CONNECT is taken (RFC 8441). */
const TAKES_TUNNELS = true

const CONTINUE = encodedBlock([':status', '100'])

/** Answers HTTP/2 by a stack of our own. */
export function http2(parts: Http2Parts): Http2 {
  const { behind, behindUpgrade, lookUp, hits, placeOf, limits, now, log } = parts
  const sessions = new Map<Session, Taken>()
  const ready = new ReadyHits(hits)
  const brokenBy = new Map<string, number>()
  const clock = { coarseMs: performance.now() }
  let answered = 0
  let isClosing = false
  const { promise: closed, resolve: allClosed } = Promise.withResolvers<void>()

  const timer = setInterval(() => {
    clock.coarseMs = performance.now()
    for (const [session, taken] of sessions) holdToLimits(session, taken, clock.coarseMs)
  }, SWEEP_MS)
  timer.unref()

  const means: SessionMeans = {
    limits,
    clock,
    takesTunnels: TAKES_TUNNELS,
    writeReady: (session, into, at) => ready.write(session, into, at),
    beginReady: (session, id) => {
      if (ready.has(id)) ready.queue(session)
    },
  }

  const requests: Requests = {
    answerAgain,
    begin,
    cancel: (id) => ready.cancel(id),
    readWithoutWriting: (session) => ready.queue(session),
    broken(session, error) {
      ready.clear()
      const reason = error instanceof LimitBroken ? error.limit : nameOfCode(error.code)
      brokenBy.set(reason, (brokenBy.get(reason) ?? 0) + 1)
      const about = {
        address: askerOf(session).address,
        reason,
        requests: session.asked,
        error: error.message,
      }
      if (error.code === CODE.internalError) log.error(about, 'an HTTP/2 connection failed')
      else log.info(about, 'an HTTP/2 connection was ended for what came over it')
    },
  }

  function take(socket: TLSSocket): void {
    const session = new Session(socket, means)
    const incoming = new Incoming(session, requests)
    sessions.set(session, { bytes: 0, sinceMs: clock.coarseMs })
    socket.on('data', (bytes: Buffer) => incoming.received(bytes))
    // Nothing more can be asked, and no window be opened.
    socket.once('end', () => socket.destroy())
    socket.on('error', () => socket.destroy())
    socket.once('close', () => {
      session.closed()
      sessions.delete(session)
      if (isClosing && sessions.size === 0) allClosed()
    })
    if (isClosing) session.leave(clock.coarseMs)
  }

  /** A head that comes twice in a row, by the same bytes, has the same answer. */
  function answerAgain(session: Session, block: HeaderBlock): boolean {
    const { plan } = session
    if (plan === undefined || !block.endsStream || plan.version !== session.decoder.version) return false
    if (!isSame(plan.block, block)) return false
    const nowMs = now()
    if (!plan.hit.holds(nowMs)) return false
    if (plan.expected.repeated === undefined) plan.expected = hits.expectAgain(plan.expected)
    ready.add(session, block.id, plan, nowMs)
    answered += 1
    return true
  }

  function begin(
    session: Session,
    block: HeaderBlock,
    { fields }: { fields: string[] },
    versionBefore: number,
  ): void {
    const { id, endsStream } = block
    const fault = requestFault(fields, TAKES_TUNNELS)
    if (fault !== undefined) {
      session.refuse(id, CODE.protocolError)
      return
    }
    const head = http2Head(fields)
    // There is no body, and one was announced (RFC 9113 §8.1.1).
    if (endsStream && head.length !== undefined && Number(head.length) !== 0) {
      session.refuse(id, CODE.protocolError)
      return
    }
    const priority = head.priority === undefined ? undefined : priorityIn(head.priority)
    const isReadable = head.bytes <= REQUEST_HEAD_BYTES_MAX
    if (isReadable && endsStream && answerFromMemory(session, block, head, priority, versionBefore)) return
    const stream = session.open(id, endsStream, session.priorityOf(id, priority))
    if (stream === undefined) return
    stream.receivedBytes = head.bytes
    if (isReadable && head.protocol !== undefined) connect(session, stream, head, head.protocol)
    else if (isReadable) answer(session, stream, head)
    else refuseHead(session, stream, head)
  }

  function answerFromMemory(
    session: Session,
    block: HeaderBlock,
    head: Http2Head,
    priority: Priority | undefined,
    versionBefore: number,
  ): boolean {
    if (lookUp === undefined || head.needsLongWay) return false
    const nowMs = now()
    const asker = askerOf(session)
    try {
      const hit = lookUp(head, asker, nowMs)
      if (hit === undefined) return false
      const { version } = session.decoder
      const plan = { block: NO_BLOCK, version, hit, expected: hits.expect(hit, head, asker), priority }
      // One that changed the table would change it again, and so mean something else.
      if (version === versionBefore) {
        plan.block = Buffer.from(block.bytes.subarray(block.from, block.to))
        session.plan = plan
      }
      ready.add(session, block.id, plan, nowMs)
      answered += 1
      return true
    } catch (error) {
      // Whatever goes wrong, the long way answers.
      log.error({ error: String(error) }, 'an answer from memory failed')
      session.plan = undefined
      return false
    }
  }

  function answer(session: Session, stream: Stream, head: Http2Head): void {
    const outlet = streamOutlet(stream, head.methodAsked, session.nowMs)
    const hasBody = !stream.hasRequest && head.length !== '0'
    if (head.length !== undefined) stream.lengthAnnounced = Number(head.length)
    if (hasBody) {
      stream.requestTimedOut = outlet.timeOut
      stream.body = new RequestBody((bytes) => stream.taken(bytes))
    }
    const viewer = viewerRequestOf({
      ...askerOf(session),
      method: head.methodAsked,
      target: head.target,
      fields: fieldsOfHttp2(head),
      body: stream.body,
      gone: outlet.gone,
      malformed: head.malformed,
    })
    viewer.request.informed = interimTo({ httpVersion: '2.0' }, outlet)
    if (hasBody && head.expectsContinue) stream.sendHead(CONTINUE, { isFinal: false, ends: false })
    void answerRequest(viewer, outlet, behind)
  }

  function connect(session: Session, stream: Stream, head: Http2Head, protocol: string): void {
    const outlet = streamOutlet(stream, 'GET', session.nowMs)
    const said = new RequestBody((bytes) => stream.taken(bytes))
    stream.body = said
    if (stream.hasRequest) said.finish()
    const viewer = viewerRequestOf({
      ...askerOf(session),
      method: 'GET',
      scheme: 'wss',
      target: head.target,
      fields: fieldsOfHttp2(head),
      body: undefined,
      gone: outlet.gone,
      malformed: head.malformed,
    })
    answerExtendedConnect({ protocol, viewer, said }, stream, outlet, behind, behindUpgrade)
  }

  /** A head too large is answered as one that nobody could read, as it is by HTTP/1.1. */
  function refuseHead(session: Session, stream: Stream, head: Http2Head): void {
    const viewer = unreadableRequest(session.socket, 'https')
    const outlet = streamOutlet(stream, head.methodAsked, session.nowMs)
    void answerRequest(viewer, outlet, { ...behind, answer: async () => behind.unreadable(viewer, 413) })
  }

  function askerOf(session: Session): Asker {
    if (session.asker !== undefined) return session.asker
    const facts = connectionOf(session.socket)
    session.asker = { ...facts, scheme: 'https', protocolVersion: 'HTTP/2.0', place: placeOf(facts.address) }
    return session.asker
  }

  return {
    take,
    brokenBy,
    get answered() {
      return answered
    },
    get broken() {
      return brokenBy.values().reduce((sum, count) => sum + count, 0)
    },
    async close() {
      isClosing = true
      for (const session of sessions.keys()) session.leave(clock.coarseMs)
      if (sessions.size > 0) await closed
      clearInterval(timer)
    },
  }
}

const NO_BLOCK = Buffer.alloc(0)

function isSame(one: Buffer, { bytes, from, to }: HeaderBlock): boolean {
  if (one.byteLength !== to - from) return false
  for (let at = 0; at < one.byteLength; at += 1) if (one[at] !== bytes[from + at]) return false
  return true
}

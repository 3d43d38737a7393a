import type { TLSSocket } from 'node:tls'
import type { Logger } from 'pino'
import type { Asker, LookUp } from '../../answer-from-memory.ts'
import type { Place } from '../../geo/place.ts'
import type { HitLog } from '../../log/hit-log.ts'
import { describeError } from '../../program/errors.ts'
import type { Behind } from '../answering.ts'
import { connectionOf, REQUEST_HEAD_BYTES_MAX } from '../request.ts'
import type { ListenLimits } from '../settings.ts'
import { shared, viewOf } from '../shared-buffer.ts'
import type { TlsInternals } from '../tls/tls-internals.ts'
import type { BehindUpgrade } from '../upgrade.ts'
import { Beginnings } from './beginnings.ts'
import type { BlockForm } from './block-form.ts'
import { nameOfCode } from './control-frames.ts'
import { requestFault } from './field-rules.ts'
import { CODE } from './frames.ts'
import { type Http2Head, http2Head } from './head.ts'
import type { HeaderBlock } from './header-block.ts'
import { Incoming, type Requests } from './incoming.ts'
import { LimitBroken } from './limit-broken.ts'
import { longWay } from './long-way.ts'
import { type Priority, priorityIn } from './priority.ts'
import { ReadyHits } from './ready-hits.ts'
import { Session, type SessionMeans } from './session.ts'
import type { Stream } from './stream.ts'
import { holdToLimits, settingsTimeout, type Taken } from './watch.ts'

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
  /** Sees to what viewers who have left leave undone, a few a turn of the loop where there are many. */
  leaving(work: () => void): void
  internals: TlsInternals
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

/** Answers HTTP/2 by a stack of our own. */
export function http2(parts: Http2Parts): Http2 {
  const { behind, behindUpgrade, lookUp, hits, placeOf, limits, now, leaving, internals, log } = parts
  const long = longWay(behind, behindUpgrade)
  const beginnings = new Beginnings<Session>()
  const sessions = new Map<Session, Taken>()
  const ready = new ReadyHits(hits)
  const brokenBy = new Map<string, number>()
  const clock = { coarseMs: performance.now() }
  let answered = 0
  let isClosing = false
  const { promise: closed, resolve: allClosed } = Promise.withResolvers<void>()

  const timer = setInterval(() => {
    clock.coarseMs = performance.now()
    for (const [session, taken] of sessions) lookAt(session, taken)
  }, SWEEP_MS)
  timer.unref()

  function lookAt(session: Session, taken: Taken): void {
    const timeout = session.isBroken ? undefined : settingsTimeout(session, clock.coarseMs)
    if (timeout === undefined) holdToLimits(session, taken, clock.coarseMs)
    else {
      requests.broken(session, timeout)
      session.break(timeout)
    }
  }

  const means: SessionMeans = {
    limits,
    clock,
    takesTunnels: TAKES_TUNNELS,
    internals,
    leaving,
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
    wasRead: () => beginnings.wasRead(),
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
    const isOurs = internals.readInto(socket, shared, (length) => {
      incoming.received(viewOf(length))
      return true
    })
    if (!isOurs) socket.on('data', (bytes: Buffer) => incoming.received(bytes))
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
    if (endsStream && answerFromMemory(session, block, head, priority, versionBefore)) return
    const stream = session.open(id, endsStream, session.priorityOf(id, priority))
    if (stream !== undefined) beginSoon(session, stream, head)
  }

  function answerFromMemory(
    session: Session,
    block: HeaderBlock,
    head: Http2Head,
    priority: Priority | undefined,
    versionBefore: number,
  ): boolean {
    if (lookUp === undefined || head.needsLongWay || head.bytes > REQUEST_HEAD_BYTES_MAX) return false
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
      log.error({ error: describeError(error) }, 'an answer from memory failed')
      session.plan = undefined
      return false
    }
  }

  /** Has it begun when its turn comes, unless it was cancelled until then. */
  function beginSoon(session: Session, stream: Stream, head: Http2Head): void {
    const asker = askerOf(session)
    const { nowMs: startedMs } = session
    long.receive(stream, head)
    beginnings.add(asker.address, session, () => {
      if (stream.isClosed) return false
      try {
        long.begin({ session, stream, asker, head, startedMs })
      } catch (error) {
        log.error({ error: describeError(error) }, 'a request could not be begun')
        stream.reset(CODE.internalError)
      }
      return true
    })
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

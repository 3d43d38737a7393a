import type { Server as HttpServer } from 'node:http'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Logger } from 'pino'
import type { Asker, Hit, LookUp } from '../answer-from-memory.ts'
import type { Place } from '../geo/place.ts'
import type { HitLog } from '../log/hit-log.ts'
import { describeError } from '../program/errors.ts'
import type { Behind } from './answering.ts'
import type { Connections } from './connections.ts'
import { handOver } from './hand-over.ts'
import { countFrom } from './http1.ts'
import { type LaneConnection, newConnection, type Plan, type Upload } from './lane-connection.ts'
import { answerTheLongWay, tellOfBroken } from './long-way.ts'
import { readInto } from './node-internals.ts'
import { isClear } from './outgoing.ts'
import { mayBecomePlain, type PlainHead, plainHeadAt } from './plain-head.ts'
import { PlainWrites } from './plain-writes.ts'
import { endGently } from './raw-head.ts'
import { connectionOf } from './request.ts'
import { shared, viewOf } from './shared-buffer.ts'
import { LANE_BEGINS, type RequestHead, uploadHeadAt } from './small-upload.ts'
import type { TlsInternals } from './tls/tls-internals.ts'
import { TlsWrites } from './tls/tls-writes.ts'
import type { WireForm } from './wire-form.ts'
import { type Clock, type ExpectedHit, writeHit } from './write-hit.ts'

/** What the lane is made of. */
export interface LaneParts {
  scheme: Asker['scheme']
  /** Reads whatever the lane doesn't understand. It never listens itself. */
  slow: HttpServer
  /** Answers whatever isn't in memory. */
  behind: Behind
  lookUp: LookUp
  hits: HitLog
  placeOf(address: string): Place
  connections: Connections
  internals: TlsInternals
  /** The clock by which responses age, Unix ms. */
  now(): number
  log: Logger
}

/** Answers plain requests, those in memory as they are read, and leaves the rest to node:http. */
export interface ExpressLane {
  /** Takes a connection on which nothing was read yet. It comes paused where `reads` is `'own'`. */
  take(accepted: Socket, reads: 'own' | 'public'): void
  /** How many requests it answered from memory. */
  readonly answered: number
}

/** How much may wait behind a request that is being answered, until no more is read. Bytes. */
const HELD_BYTES_MAX = 65_536

/** Makes a lane for one scheme. */
export function expressLane(parts: LaneParts): ExpressLane {
  const { scheme, slow, behind, lookUp, hits, placeOf, connections, internals, now, log } = parts
  let answered = 0

  function take(socket: Socket, reads: 'own' | 'public'): void {
    // A connection with TLS was counted when it came in.
    if (scheme === 'http' && !connections.admit(socket.remoteAddress ?? '', socket)) {
      socket.destroy()
      return
    }
    const c = newConnection(socket, connections.coarseMs)
    c.timedOut = () => giveUp(c, 'ERR_HTTP_REQUEST_TIMEOUT')
    socket.on('drain', () => {
      if (c.isOurs) drained(c)
    })
    socket.on('close', () => {
      if (c.upload !== undefined) connections.leaving(() => broken(c))
      else if (c.underWay !== undefined) connections.leaving(() => c.underWay?.left())
    })
    socket.on('end', () => {
      if (c.isOurs) ended(c)
    })
    socket.on('error', () => {
      if (c.isOurs) socket.destroy()
    })
    connections.watch(c)
    startToRead(c, reads)
  }

  function startToRead(c: LaneConnection, reads: 'own' | 'public'): void {
    const { socket } = c
    const onRead = (length: number): boolean =>
      c.isOurs ? received(c, viewOf(length)) : socket.push(Buffer.from(viewOf(length)))
    if (reads === 'own') {
      c.straight = new PlainWrites(socket)
      if (!readInto(socket, shared, onRead)) socket.destroy()
      return
    }
    if ('encrypted' in socket && internals.readInto(socket as TLSSocket, shared, onRead)) {
      c.straight = new TlsWrites(socket as TLSSocket, internals)
      return
    }
    const onData = (bytes: Buffer) => {
      if (!received(c, bytes)) socket.pause()
    }
    c.leave = () => void socket.removeListener('data', onData)
    socket.on('data', onData)
  }

  /** @returns whether more may be read */
  function received(c: LaneConnection, bytes: Buffer): boolean {
    const startedMs = performance.now()
    c.sinceMs = connections.coarseMs
    if (c.underWay !== undefined) return waitsBehind(c, bytes)
    const { plan } = c
    if (plan !== undefined && c.held === undefined && plan.bytes.equals(bytes)) {
      if (!c.socket.writableNeedDrain && answerAgain(c, plan, startedMs)) return true
    }
    if (c.held === undefined) return readHeads(c, bytes, startedMs)
    if (c.upload !== undefined) return receive(c, c.upload, Buffer.concat([c.held, bytes]))
    const all = Buffer.concat([c.held, bytes])
    c.held = undefined
    return readHeads(c, all, startedMs)
  }

  /** Answers one head after the other, until there is none, or one that isn't for us. */
  function readHeads(c: LaneConnection, bytes: Buffer, startedMs: number): boolean {
    const text = bytes.toString('latin1')
    const clock = { startedMs, nowMs: now() }
    const first = headAt(text, 0)
    if (first?.bytes === text.length && !c.socket.writableNeedDrain) {
      const hit = found(first, c, clock.nowMs)
      if (hit === undefined) begin(c, first, startedMs)
      else answerFirst(c, hit, first, clock, text)
      return true
    }
    // Several at once go out in one write.
    c.socket.cork()
    const end = readBatch(c, text, clock)
    c.socket.uncork()
    if (end === text.length || !c.isOurs) return true
    const rest = Buffer.from(bytes.subarray(end))
    if (c.socket.writableNeedDrain) {
      c.held = rest
      return false
    }
    const head = headAt(text, end)
    if (head !== undefined) return begin(c, head, startedMs, rest.subarray(head.bytes))
    const upload = uploadHeadAt(text, end)
    if (upload !== undefined) return receive(c, { head: upload, startedMs }, rest)
    if (!waitsForMore(c, text.slice(end), rest)) leave(c, rest)
    return true
  }

  /** Waits for all of an upload, and has it answered then. Returns whether more may be read. */
  function receive(c: LaneConnection, upload: Upload, bytes: Buffer): boolean {
    const { head, startedMs } = upload
    const whole = head.bytes + head.bodyBytes
    if (bytes.byteLength >= whole) {
      c.upload = undefined
      const body = head.bodyBytes === 0 ? undefined : bytes.subarray(head.bytes, whole)
      return begin(c, { ...head, bytes: whole }, startedMs, bytes.subarray(whole), body)
    }
    // Its clock runs from the head.
    if (c.waitsFor !== 'body') c.headSinceMs = connections.coarseMs
    // Once it has closed nobody can say whose it was.
    askerOf(c)
    c.upload = upload
    c.held = bytes
    c.waitsFor = 'body'
    c.sinceMs = c.headSinceMs
    return true
  }

  /** Has answered what memory can't answer. Returns whether more may be read. */
  function begin(
    c: LaneConnection,
    head: RequestHead,
    startedMs: number,
    rest?: Buffer,
    body?: Buffer,
  ): boolean {
    c.waitsFor = 'answer'
    c.held = rest?.byteLength === 0 ? undefined : rest
    const said = (closes: boolean) => {
      c.underWay = undefined
      // It has just left: nothing that waits is answered to nobody.
      if (c.socket.destroyed) return
      c.waitsFor = 'idle'
      c.sinceMs = connections.coarseMs
      if (closes) close(c, c.held !== undefined)
      // Else what waits is looked at when the viewer has read.
      else if (!c.socket.writableNeedDrain) drained(c)
    }
    const closes = () => head.closes || (connections.retiring && c.held === undefined)
    const asked = { head, startedMs, closes, said }
    c.underWay = answerTheLongWay(c, askerOf(c), asked, behind, body)
    return (rest?.byteLength ?? 0) < HELD_BYTES_MAX
  }

  /** Keeps what comes behind a request that is being answered. Returns whether more may be read. */
  function waitsBehind(c: LaneConnection, bytes: Buffer): boolean {
    c.held = c.held === undefined ? Buffer.from(bytes) : Buffer.concat([c.held, bytes])
    return c.held.byteLength < HELD_BYTES_MAX
  }

  /** While connections are to end, the last head that is here is the last of its connection. */
  function headAt(text: string, at: number): PlainHead | undefined {
    const head = plainHeadAt(text, at)
    if (connections.retiring && head?.bytes === text.length - at) head.closes = true
    return head
  }

  /** Answers what can be answered, as long as the viewer reads. Returns where it stopped. */
  function readBatch(c: LaneConnection, text: string, clock: Clock): number {
    let at = 0
    while (at < text.length && c.isOurs && !c.socket.writableNeedDrain) {
      const head = headAt(text, at)
      const hit = head && found(head, c, clock.nowMs)
      if (head === undefined || hit === undefined) return at
      answerFirst(c, hit, head, clock, undefined)
      at += head.bytes
    }
    return at
  }

  /** Whatever goes wrong in a look-up, the long way answers. */
  function found(head: PlainHead, c: LaneConnection, nowMs: number): Hit<WireForm> | undefined {
    if (head.needsLongWay) return undefined
    try {
      return lookUp(head, askerOf(c), nowMs)
    } catch (error) {
      log.error({ error: describeError(error) }, 'a look-up in memory failed')
      return undefined
    }
  }

  /** Keeps an unfinished head, if it may still become plain. */
  function waitsForMore(c: LaneConnection, text: string, bytes: Buffer): boolean {
    if (text.includes('\r\n\r\n') || !mayBecomePlain(text, LANE_BEGINS)) return false
    c.held = bytes
    // Its clock runs from the first byte.
    if (c.waitsFor !== 'head') c.headSinceMs = connections.coarseMs
    c.waitsFor = 'head'
    c.sinceMs = c.headSinceMs
    return true
  }

  /** @param repeatable the head's text if it was all that came, and so may come again just like that */
  function answerFirst(
    c: LaneConnection,
    hit: Hit<WireForm>,
    head: PlainHead,
    clock: Clock,
    repeatable: string | undefined,
  ): void {
    const expected = hits.expect(hit, head, askerOf(c))
    say(c, { hit, expected }, clock, repeatable === undefined)
    if (repeatable === undefined || !c.isOurs) return
    if (repeatable === c.lastHead) {
      c.plan = { bytes: Buffer.from(repeatable, 'latin1'), hit, expected: hits.expectAgain(expected) }
    }
    c.lastHead = repeatable
  }

  function answerAgain(c: LaneConnection, plan: Plan, startedMs: number): boolean {
    const nowMs = now()
    if (!plan.hit.holds(nowMs)) {
      c.plan = undefined
      return false
    }
    say(c, plan, { startedMs, nowMs }, false)
    return true
  }

  function say(c: LaneConnection, expected: ExpectedHit, clock: Clock, isInBatch: boolean): void {
    answered += 1
    c.waitsFor = 'idle'
    writeHit(c, expected, clock, isInBatch, hits)
    if (expected.hit.form.closes) close(c, isInBatch)
  }

  /** Ends a connection with the response just given. @param hasMore whether more was read than is answered */
  function close(c: LaneConnection, hasMore: boolean): void {
    c.isOurs = false
    c.leave()
    const { socket } = c
    // Those who don't know that we retire ask on.
    if (hasMore || connections.retiring) endGently(socket)
    // What the kernel has taken it sends, and says the end by itself; TLS has to say it first.
    else if (isClear(c) && !('encrypted' in socket)) socket.destroy()
    else socket.destroySoon()
  }

  function leave(c: LaneConnection, bytes: Buffer): void {
    c.isOurs = false
    c.waitsFor = 'node:http'
    c.held = undefined
    c.forget()
    c.leave()
    handOver(c.socket, bytes, slow)
  }

  function drained(c: LaneConnection): void {
    if (c.underWay !== undefined) {
      c.underWay.drained()
      return
    }
    const { held } = c
    if (held !== undefined && c.waitsFor !== 'head' && c.waitsFor !== 'body') {
      c.held = undefined
      if (!readHeads(c, held, performance.now())) return
    }
    if (c.isOurs && c.hasEnded) ended(c)
    // Whoever reads now: it was us who stopped.
    else c.socket.resume()
  }

  /** The viewer has said all it will: half of a head stays half. */
  function ended(c: LaneConnection): void {
    c.hasEnded = true
    if (c.underWay !== undefined) {
      // As with node:http: it may well have left, and we would learn it only by sending.
      c.socket.end()
      connections.leaving(() => c.underWay?.left())
    } else if (c.upload !== undefined) connections.leaving(() => c.socket.destroy())
    else if (c.waitsFor === 'head') connections.leaving(() => giveUp(c, 'HPE_INVALID_EOF_STATE'))
    else if (c.held === undefined) c.socket.end()
  }

  /** The viewer left before its request was whole. */
  function broken(c: LaneConnection): void {
    const { upload, held } = c
    c.upload = undefined
    if (upload !== undefined) tellOfBroken(askerOf(c), upload, held?.byteLength ?? 0, behind)
  }

  /** What node:http says of a request that it gives up on. */
  function giveUp(c: LaneConnection, code: string): void {
    const { socket, held } = c
    if (!c.isOurs) return
    c.isOurs = false
    c.upload = undefined
    c.leave()
    countFrom(socket, { read: socket.bytesRead - (held?.byteLength ?? 0), written: socket.bytesWritten })
    slow.emit('clientError', Object.assign(new Error('an unfinished head'), { code }), socket)
  }

  function askerOf(c: LaneConnection): Asker {
    if (c.asker !== undefined) return c.asker
    const facts = connectionOf(c.socket)
    c.asker = { ...facts, scheme, protocolVersion: 'HTTP/1.1', place: placeOf(facts.address) }
    return c.asker
  }

  return {
    take,
    get answered() {
      return answered
    },
  }
}

import type { Server as HttpServer } from 'node:http'
import type { Socket } from 'node:net'
import { ViewerGone } from '../edge/cache/fetch/flight.ts'
import { Departure } from '../edge/cache/leaving.ts'
import type { Connection, Connections } from '../edge/listen/connections.ts'
import { fieldsIn } from '../edge/listen/field-lines.ts'
import { handOver } from '../edge/listen/hand-over.ts'
import { type LaneOutlet, laneOutlet } from '../edge/listen/lane-outlet.ts'
import { type Internals, readInto } from '../edge/listen/node-internals.ts'
import type { Outgoing } from '../edge/listen/outgoing.ts'
import { mayBecomePlain, type PlainHead, plainHeadAt } from '../edge/listen/plain-head.ts'
import { PlainWrites } from '../edge/listen/plain-writes.ts'
import { endGently } from '../edge/listen/raw-head.ts'
import { shared, viewOf } from '../edge/listen/shared-buffer.ts'
import type { AnswersEdges } from './front.ts'

/** What the lane is made of. */
export interface EdgeLaneParts {
  answers: AnswersEdges
  /** Reads whatever the lane doesn't understand. It never listens itself. */
  slow: HttpServer
  connections: Connections
  internals: Internals
}

/** A connection from an edge. */
interface EdgeConnection extends Connection, Outgoing {
  straight: Outgoing['straight']
  /** Whether the lane still reads it. */
  isOurs: boolean
  /** What was read and not understood yet, or comes behind a request that is being answered. */
  held: Buffer | undefined
  underWay: { outlet: LaneOutlet; gone: Departure } | undefined
  /** Gives it to node:http, with all that was read and not answered. */
  leave(bytes: Buffer): void
}

/** How much may wait behind a request that is being answered, until no more is read: edges send nothing then. Bytes. */
const HELD_BYTES_MAX = 65_536

/**
 * Reads what nearly all requests from edges are, a GET or HEAD without a body, straight from the connection, by
 * the express lane's strict grammar, and answers on it. Whatever isn't that is node:http's, with all its bytes.
 *
 * @returns takes a connection on which nothing was read yet; paused where `internals.ownReads`
 */
export function edgeLane(parts: EdgeLaneParts): (socket: Socket) => void {
  const { answers, slow, connections, internals } = parts

  function take(socket: Socket): void {
    if (!connections.admit(socket.remoteAddress ?? '', socket)) {
      socket.destroy()
      return
    }
    const c = newConnection(socket, connections.coarseMs)
    if (internals.ownReads) c.straight = new PlainWrites(socket)
    const onData = (bytes: Buffer) => {
      if (c.isOurs && !received(c, bytes)) socket.pause()
    }
    if (!internals.ownReads) socket.on('data', onData)
    socket.on('drain', () => {
      if (c.isOurs) drained(c)
    })
    socket.on('end', () => {
      if (!c.isOurs) return
      left(c)
      socket.end()
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => left(c))
    connections.watch(c)
    if (internals.ownReads) {
      const onRead = (length: number) =>
        c.isOurs ? received(c, viewOf(length)) : socket.push(Buffer.from(viewOf(length)))
      if (!readInto(socket, shared, onRead)) socket.destroy()
    }

    c.leave = (bytes) => {
      c.isOurs = false
      c.waitsFor = 'node:http'
      socket.removeListener('data', onData)
      handOver(socket, bytes, slow)
    }
  }

  /** @returns whether more may be read */
  function received(c: EdgeConnection, bytes: Buffer): boolean {
    c.sinceMs = connections.coarseMs
    const all = c.held === undefined ? bytes : Buffer.concat([c.held, bytes])
    c.held = undefined
    if (c.underWay === undefined) read(c, all)
    else c.held = Buffer.from(all)
    return hasRoom(c)
  }

  /** Reads one head, and has it answered; what comes behind it waits. */
  function read(c: EdgeConnection, bytes: Buffer): void {
    const text = bytes.toString('latin1')
    const head = plainHeadAt(text, 0)
    if (head !== undefined) {
      if (bytes.byteLength > head.bytes) c.held = Buffer.from(bytes.subarray(head.bytes))
      begin(c, head)
    } else if (text.includes('\r\n\r\n') || !mayBecomePlain(text)) c.leave(Buffer.from(bytes))
    else {
      c.held = Buffer.from(bytes)
      c.waitsFor = 'head'
    }
  }

  function begin(c: EdgeConnection, head: PlainHead): void {
    // When we stop, edges learn from the response that the next request goes elsewhere.
    const closes = () => head.closes || (connections.retiring && c.held === undefined)
    const gone = new Departure()
    const said = (closes: boolean) => answered(c, closes)
    const outlet = laneOutlet(c, { head, startedMs: connections.coarseMs, closes, said })
    c.waitsFor = 'answer'
    c.underWay = { outlet, gone }
    const { method, target, lines } = head
    const read = { method, target, fields: fieldsIn(lines), body: undefined, httpVersion: '1.1' }
    void answers(read, { outlet, destroy: () => void c.socket.destroy() }, gone)
  }

  function answered(c: EdgeConnection, closes: boolean): void {
    c.underWay = undefined
    c.waitsFor = 'idle'
    c.sinceMs = connections.coarseMs
    if (closes) {
      c.isOurs = false
      endGently(c.socket)
    } else if (!c.socket.writableNeedDrain) next(c)
  }

  /** Goes on with what waited behind an answer. */
  function next(c: EdgeConnection): void {
    const { held } = c
    if (held === undefined || c.waitsFor !== 'idle') return
    c.held = undefined
    read(c, held)
    if (c.isOurs && hasRoom(c)) c.socket.resume()
  }

  function drained(c: EdgeConnection): void {
    if (c.underWay === undefined) next(c)
    else c.underWay.outlet.drained()
  }

  function left(c: EdgeConnection): void {
    c.underWay?.gone.abort(new ViewerGone())
    c.underWay?.outlet.left()
    c.underWay = undefined
  }

  return take
}

/** Whether more may wait behind what is being answered. */
function hasRoom({ held }: EdgeConnection): boolean {
  return held === undefined || held.byteLength < HELD_BYTES_MAX
}

function newConnection(socket: Socket, coarseMs: number): EdgeConnection {
  return {
    socket,
    straight: undefined,
    waitsFor: 'first-head',
    sinceMs: coarseMs,
    taken: 0,
    takenSinceMs: coarseMs,
    isOurs: true,
    held: undefined,
    underWay: undefined,
    timedOut: () => void socket.destroy(),
    forget: () => undefined,
    leave: () => undefined,
  }
}

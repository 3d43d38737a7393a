import { ttlSeconds } from '../../cache/rules/freshness.ts'
import type { HitLog } from '../../log/hit-log.ts'
import { nextRequestIdBytes } from '../request-id.ts'
import { QUICK_BYTES_MAX } from '../wire-form.ts'
import { sinceUs } from '../write-hit.ts'
import { type BlockForm, fillIn } from './block-form.ts'
import { FLAG, FRAME_BYTES_MAX, FRAME_HEAD_BYTES, TYPE, writeFrameHead } from './frames.ts'
import type { Plan } from './plan.ts'
import { overridden, type Priority } from './priority.ts'
import type { Session } from './session.ts'

/** A hit that was asked for in the bytes just read, and isn't written yet. */
interface Ready {
  id: number
  plan: Plan | undefined
  priority: Priority
}

/**
 * Hits that were found in what was read of one connection, until all of it is read: they go out in one write, the
 * most urgent first (RFC 9218), each without a stream of its own. What doesn't fit a write or the windows gets one.
 */
export class ReadyHits {
  readonly #hits: HitLog
  readonly #ready: Ready[] = []
  #count = 0
  /** Whose they are. Should one ever be left, it must not go to somebody else. */
  #session: Session | undefined
  #nowMs = 0
  #isMixed = false

  constructor(hits: HitLog) {
    this.#hits = hits
  }

  /** @param nowMs by the clock by which responses age, Unix ms */
  add(session: Session, id: number, plan: Plan, nowMs: number): void {
    if (session !== this.#session) {
      this.clear()
      this.#session = session
    }
    const { form } = plan.hit
    const priority = overridden(session.priorityOf(id, plan.priority), form.priority)
    const at = this.#count
    const known = this.#ready[at]
    if (known === undefined) this.#ready.push({ id, plan, priority })
    else {
      known.id = id
      known.plan = plan
      known.priority = priority
    }
    if (at > 0 && priority.urgency !== this.#ready[0]?.priority.urgency) this.#isMixed = true
    this.#nowMs = nowMs
    this.#count += 1
  }

  has(id: number): boolean {
    return this.#find(id) !== undefined
  }

  /** Forgets one, if it is there. */
  cancel(id: number): void {
    const ready = this.#find(id)
    if (ready !== undefined) ready.plan = undefined
  }

  #find(id: number): Ready | undefined {
    for (let at = this.#count - 1; at >= 0; at -= 1) {
      const ready = this.#ready[at] as Ready
      if (ready.id === id && ready.plan !== undefined) return ready
    }
    return undefined
  }

  /** Forgets all: their connection has broken. */
  clear(): void {
    // A plan keeps a body in memory, whatever the cache thinks of it.
    for (let at = 0; at < this.#count; at += 1) (this.#ready[at] as Ready).plan = undefined
    this.#count = 0
    this.#isMixed = false
  }

  /** Writes what can be written at once, begins streams for the rest, and returns where the bytes end. */
  write(session: Session, into: Buffer, start: number): number {
    if (this.#count === 0 || session !== this.#session) return start
    const takenUs = sinceUs(session.nowMs)
    const timeMs = Date.now()
    let at = start
    let isDirect = session.output.queue.isEmpty && !session.peer.tableShrinks
    for (const { id, plan, priority } of this.#inOrder()) {
      if (plan === undefined) continue
      isDirect &&= fitsAtOnce(session, plan.hit.form, into.byteLength - at)
      if (!isDirect) {
        this.#queue(session, id, plan, priority)
        continue
      }
      const { form } = plan.hit
      const requestId = nextRequestIdBytes()
      fillIn(form, requestId, this.#nowMs)
      at = writeResponse(session, into, at, id, form)
      const ttl = ttlSeconds(form.deadlines, this.#nowMs)
      const moment = { timeMs, requestId, firstByteUs: takenUs, takenUs, ttlSeconds: ttl }
      this.#hits.sent(plan.expected, plan.hit, moment)
    }
    this.clear()
    return at
  }

  /** Begins streams for all. */
  queue(session: Session): void {
    if (this.#count === 0 || session !== this.#session) return
    for (const { id, plan, priority } of this.#inOrder())
      if (plan !== undefined) this.#queue(session, id, plan, priority)
    this.clear()
  }

  #inOrder(): readonly Ready[] {
    const ready = this.#count === this.#ready.length ? this.#ready : this.#ready.slice(0, this.#count)
    if (!this.#isMixed) return ready
    return ready.toSorted((one, other) => one.priority.urgency - other.priority.urgency)
  }

  #queue(session: Session, id: number, { hit, expected }: Plan, priority: Priority): void {
    const stream = session.open(id, true, priority)
    if (stream === undefined) return
    const { form } = hit
    stream.prioritySaid = form.priority
    const requestId = Buffer.from(nextRequestIdBytes())
    const startedMs = session.nowMs
    const ttl = ttlSeconds(form.deadlines, this.#nowMs)
    fillIn(form, requestId, this.#nowMs)
    stream.sendHead(form.block, { isFinal: true, ends: form.body === undefined })
    if (form.body !== undefined) {
      stream.send(form.body)
      stream.end()
    }
    const firstByteUs = sinceUs(startedMs)
    const told = (takenUs: number) =>
      this.#hits.sent(expected, hit, { timeMs: Date.now(), requestId, firstByteUs, takenUs, ttlSeconds: ttl })
    // A large one is on its way for a while: the log says how long.
    if (form.bytes <= QUICK_BYTES_MAX) told(firstByteUs)
    else stream.onEnd = () => told(sinceUs(startedMs))
  }
}

/** Whether a whole response may be written now. */
function fitsAtOnce({ peer, output }: Session, { block, body }: BlockForm, room: number): boolean {
  const bytes = body?.byteLength ?? 0
  return (
    block.byteLength <= FRAME_BYTES_MAX &&
    bytes <= FRAME_BYTES_MAX &&
    block.byteLength + bytes + 2 * FRAME_HEAD_BYTES <= room &&
    (bytes === 0 || (bytes <= peer.windowBytes && bytes <= output.queue.window))
  )
}

function writeResponse(session: Session, into: Buffer, start: number, id: number, form: BlockForm): number {
  const { block, body } = form
  const flags = FLAG.endHeaders | (body === undefined ? FLAG.endStream : 0)
  let at = writeFrameHead(into, start, { bytes: block.byteLength, type: TYPE.headers, flags, id })
  into.set(block, at)
  at += block.byteLength
  if (body === undefined) return at
  const bytes = body.byteLength
  at = writeFrameHead(into, at, { bytes, type: TYPE.data, flags: FLAG.endStream, id })
  into.set(body, at)
  session.output.queue.window -= bytes
  session.sentData(bytes)
  return at + bytes
}

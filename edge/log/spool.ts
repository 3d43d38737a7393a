import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { type FileHandle, open, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { type BilledEvent, formatEvent } from './billed-event.ts'
import { createLineBuffer } from './line-buffer.ts'
import type { Moment, RepeatedLine } from './prepared-line.ts'
import type { AccessRecord } from './record.ts'
import { type SegmentName, segmentFile } from './segment.ts'

/** How long a record may be in memory only, ms; what a `kill -9` can lose. */
const FLUSH_MS = 200
/** How much is written before that: what is still in the processor's cache, and needs no larger memory. Bytes. */
const FLUSH_BYTES = 524_288
/** When a segment is sealed: after this long, or at this size. */
const SEAL_MS = 1_000
const SEAL_BYTES = 8 * 1_048_576
/** Bound on what waits in memory while the disk doesn't take it, bytes. */
const PENDING_MAX = 32 * 1_048_576

/** Where a worker puts its access-log records. Disposing writes and seals what is left. */
export interface Spool extends AsyncDisposable {
  /** Never throws and never waits: the viewer comes first. */
  append(record: AccessRecord): void
  /** As `append`, of a record whose line is known. */
  appendLine(line: string): void
  /** As `append`, of what is billed beside. */
  appendEvent(event: BilledEvent): void
  appendRepeated(line: RepeatedLine, moment: Moment): void
  /** Records that could not be written: the disk was full or too slow. */
  readonly lost: number
}

/** A segment being written. */
interface OpenSegment extends SegmentName {
  file: FileHandle
  bytes: number
  openedMs: number
}

/**
 * Opens a spool in a directory that other processes may share.
 *
 * The writer's name holds the pid, so that whoever sees this process die knows which segments it left open.
 */
export function openSpool(directory: string, log: Logger): Spool {
  mkdirSync(directory, { recursive: true })
  const writer = `${process.pid}-${Date.now().toString(36)}-${randomBytes(6).toString('hex')}`
  const pending = createLineBuffer(PENDING_MAX)
  let lost = 0
  let segment: OpenSegment | undefined
  let number = 0
  let writing: Promise<void> = Promise.resolve()
  let isToBeFlushed = false

  async function flush(): Promise<void> {
    isToBeFlushed = false
    const { frame, records } = pending.take()
    try {
      if (frame !== undefined) {
        segment ??= await openSegment()
        await segment.file.appendFile(frame)
        segment.bytes += frame.length
        pending.giveBack(frame)
      }
      if (segment !== undefined && isFull(segment)) await seal()
    } catch (error) {
      lost += records
      // A frame may be half written: what is whole in this segment is kept, and a new one is begun. When
      // even that fails the file stays open on disk, and the next start adopts it.
      await seal().catch(() => undefined)
      log.error(
        { error: String(error), records, directory },
        'access-log records lost: the spool can’t be written',
      )
    }
  }

  async function openSegment(): Promise<OpenSegment> {
    const name = { writer, number }
    number += 1
    const file = await open(join(directory, segmentFile(name, 'open')), 'wx')
    return { ...name, file, bytes: 0, openedMs: performance.now() }
  }

  async function seal(): Promise<void> {
    const sealed = segment
    segment = undefined
    if (sealed === undefined) return
    await sealed.file.datasync()
    await sealed.file.close()
    await rename(join(directory, segmentFile(sealed, 'open')), join(directory, segmentFile(sealed, 'sealed')))
  }

  /** After what is being written, and once however often it is asked for until then. */
  function flushNext(): void {
    if (isToBeFlushed) return
    isToBeFlushed = true
    writing = writing.then(flush)
  }

  function appended(hadRoom: boolean): void {
    if (!hadRoom) lost += 1
    if (pending.bytes >= FLUSH_BYTES) flushNext()
  }

  const timer = setInterval(flushNext, FLUSH_MS)

  return {
    append: (record) => appended(pending.appendRecord(record)),
    appendLine: (line) => appended(pending.append(line)),
    appendEvent: (event) => appended(pending.append(formatEvent(event))),
    appendRepeated: (line, moment) => appended(pending.appendRepeated(line, moment)),
    get lost() {
      return lost
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await writing.then(flush).then(seal)
    },
  }
}

function isFull(segment: OpenSegment): boolean {
  return segment.bytes >= SEAL_BYTES || performance.now() - segment.openedMs >= SEAL_MS
}

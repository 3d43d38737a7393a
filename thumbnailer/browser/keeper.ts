import { setTimeout as delay } from 'node:timers/promises'
import type { Browser } from 'puppeteer-core'
import { memoryOfTree } from './memory.ts'
import { killOne } from './processes.ts'
import type { RunningBrowser } from './start.ts'

/** Why a browser was started: the metric's label. */
export type StartReason = 'first' | 'recycled' | 'lost'

/** What a render is given. */
export interface Seat {
  browser: Browser
  /** The browser misbehaves: end it, and with it every render under way in it. */
  condemn(reason: string): void
  /** How many processes of the browser were killed for taking too much memory. */
  heavyKills?(): number
}

/** A browser that is replaced when it was used up or lost. */
export interface BrowserKeeper extends AsyncDisposable {
  /**
   * Works in the browser, which is started when there is none. When the browser is lost meanwhile the
   * work is done once more, alone in a new one: so it is known whose doing it was, and of those who were in the
   * lost one together only that one fails.
   *
   * @throws BrowserUnavailable
   * @throws BrowserEnded when the work ended the browser that it had to itself as well
   */
  use<T>(work: (seat: Seat) => Promise<T>): Promise<T>
  /** Starts the browser now, for whoever comes. */
  warm(): void
}

/** The work ends browsers: the one that it shared with others, and then one that was its own. */
export class BrowserEnded extends Error {
  constructor(options?: ErrorOptions) {
    super('the browser ended twice', options)
    this.name = 'BrowserEnded'
  }
}

/** There is no browser, or it does not answer. */
export class BrowserUnavailable extends Error {
  constructor(options?: ErrorOptions) {
    const cause = options?.cause instanceof Error ? `: ${options.cause.message}` : ''
    super(`the browser could not be used${cause}`, options)
    this.name = 'BrowserUnavailable'
  }
}

/** One browser's time. */
interface Shift {
  started: Promise<RunningBrowser>
  rendersStarted: number
  rendersUnderWay: number
  heavyKills: number
  isWatched: boolean
  /** Takes no more renders, and ends after the last. */
  isOver: boolean
  /** For one render alone. */
  isAlone: boolean
  /** It was told to go as it didn't answer. */
  isCondemned: boolean
  /** Its process is gone, or was told to go. */
  isLost: boolean
}

export interface KeeperOptions {
  start: () => Promise<RunningBrowser>
  rendersMax: number
  /** Of a browser's memory, between pages. */
  bytesMax: number
  /** Of one process of it, at any time. */
  processBytesMax: number
  onStart: (reason: StartReason) => void
  /** @param reason in words for an operator's log */
  onLost: (reason: string) => void
  /** A process was killed that had taken so much. */
  onHeavy: (bytes: number) => void
}

/** How often memory is looked at while pages are rendered, ms: they can take a gigabyte in a second. */
const WATCH_MS = 250

export function keepBrowser(options: KeeperOptions): BrowserKeeper {
  const shifts = new Set<Shift>()
  let current: Shift | undefined
  let nextReason: StartReason = 'first'
  let isClosed = false

  function beginShift(isAlone = false): Shift {
    options.onStart(nextReason)
    nextReason = 'lost'
    const started = options.start()
    const shift: Shift = {
      started,
      rendersStarted: 0,
      rendersUnderWay: 0,
      heavyKills: 0,
      isWatched: false,
      isOver: false,
      isAlone,
      isCondemned: false,
      isLost: false,
    }
    shifts.add(shift)
    started.then(
      (running) => running.ended.then(() => lose(shift, 'its process ended')),
      (error: unknown) => lose(shift, String(error)),
    )
    return shift
  }

  function lose(shift: Shift, reason: string): void {
    if (current === shift) current = undefined
    if (!shift.isLost && !shift.isOver) options.onLost(reason)
    shift.isLost = true
    void end(shift)
  }

  async function end(shift: Shift): Promise<void> {
    if (!shifts.delete(shift)) return
    // One that never started has nothing to end; who waited for it has heard why.
    const running = await shift.started.catch(() => undefined)
    await running?.[Symbol.asyncDispose]()
  }

  function takeSeat(how: { alone: boolean }): Shift {
    if (!how.alone) current ??= beginShift()
    const shift = how.alone || current === undefined ? beginShift(true) : current
    shift.rendersStarted += 1
    shift.rendersUnderWay += 1
    if (!shift.isWatched) {
      shift.isWatched = true
      void watch(shift).finally(() => {
        shift.isWatched = false
      })
    }
    if (shift.rendersStarted >= options.rendersMax) retire(shift)
    return shift
  }

  /** Takes its place from it; the next browser starts while its last pages are rendered. */
  function retire(shift: Shift): void {
    shift.isOver = true
    if (current !== shift) return
    nextReason = 'recycled'
    current = isClosed ? undefined : beginShift()
  }

  /** Looks at its memory as long as pages are rendered. */
  async function watch(shift: Shift): Promise<void> {
    const running = await shift.started.catch(() => undefined)
    while (running !== undefined && !shift.isLost) {
      const memory = await memoryOfTree(running.pid)
      if (memory === undefined) return
      const { heaviest } = memory
      if (heaviest !== undefined && heaviest.bytes > options.processBytesMax) {
        shift.heavyKills += 1
        options.onHeavy(heaviest.bytes)
        killOne(heaviest.pid)
      }
      if (shift.rendersUnderWay === 0) {
        if (memory.total > options.bytesMax && !shift.isOver) {
          retire(shift)
          void end(shift)
        }
        return
      }
      await delay(WATCH_MS)
    }
  }

  function leaveSeat(shift: Shift): void {
    shift.rendersUnderWay -= 1
    if (shift.rendersUnderWay > 0) return
    // A new browser that proved itself is as good as any.
    if (shift.isAlone && !shift.isLost && !shift.isOver && current === undefined && !isClosed) {
      shift.isAlone = false
      current = shift
    }
    if (shift.isOver || shift.isAlone) void end(shift)
  }

  /** Works once. @returns why not, when the browser was lost meanwhile, and whether that was the work's doing */
  async function workOnce<T>(
    work: (seat: Seat) => Promise<T>,
    how: { alone: boolean },
  ): Promise<{ done: T } | { lost: unknown; byWork: boolean }> {
    const shift = takeSeat(how)
    const condemn = (reason: string) => {
      shift.isCondemned = true
      lose(shift, reason)
    }
    let isAtWork = false
    try {
      const { browser } = await shift.started
      isAtWork = true
      return { done: await work({ browser, condemn, heavyKills: () => shift.heavyKills }) }
    } catch (error) {
      // The broken pipe is known before the process is known to have ended.
      const running = await shift.started.catch(() => undefined)
      if (running?.browser.connected !== true) lose(shift, 'it no longer answers')
      if (shift.isLost) return { lost: error, byWork: isAtWork && !shift.isCondemned }
      throw error
    } finally {
      leaveSeat(shift)
    }
  }

  return {
    warm() {
      current ??= beginShift()
    },
    async use(work) {
      const first = await workOnce(work, { alone: false })
      if ('done' in first) return first.done
      if (isClosed) throw new BrowserUnavailable({ cause: first.lost })
      const second = await workOnce(work, { alone: true })
      if ('done' in second) return second.done
      const isGuilty = first.byWork && second.byWork && !isClosed
      throw new (isGuilty ? BrowserEnded : BrowserUnavailable)({ cause: second.lost })
    },
    async [Symbol.asyncDispose]() {
      isClosed = true
      const ending = [...shifts]
      for (const shift of ending) shift.isOver = true
      current = undefined
      await Promise.all(ending.map(end))
    },
  }
}

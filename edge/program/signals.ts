import { closeSync, openSync } from 'node:fs'
import { isatty } from 'node:tty'

/** npm passes on what the terminal has sent to all: what comes within this time is one wish, ms. */
const SAME_WISH_MS = 1_000

/** What an operator may want of a program that was started by hand. */
export interface Wishes {
  /** SIGTERM or SIGINT: to end in order. */
  stop(): void
  /** SIGHUP: to take over settings that have changed. */
  reload(): void
}

/**
 * Heeds signals from now on. The second one that asks for the end ends the process at once, with status 1.
 * A terminal that is closed sends SIGHUP too, and means the end.
 */
export function heedSignals({ stop, reload }: Wishes): void {
  const hadTerminal = [0, 1, 2].some((fd) => isatty(fd))
  const end = atOnceWhenAskedAgain(stop)
  process.on('SIGTERM', end)
  process.on('SIGINT', end)
  process.on('SIGHUP', () => {
    if (hadTerminal && !hasTerminal()) end()
    else reload()
  })
}

/**
 * For a program that another one started: SIGTERM asks it to end in order, and so does the death of the other;
 * at once when it is ending already. What a terminal sends reaches every process of ours, and is for the first.
 */
export function heedParent(stop: () => void): void {
  let isStopping = false
  process.on('SIGTERM', () => {
    isStopping = true
    stop()
  })
  process.once('disconnect', () => {
    if (isStopping) process.exit(1)
    stop()
  })
  process.on('SIGINT', () => undefined)
  process.on('SIGHUP', () => undefined)
}

function atOnceWhenAskedAgain(stop: () => void): () => void {
  let askedMs: number | undefined
  return () => {
    if (askedMs !== undefined && performance.now() - askedMs > SAME_WISH_MS) process.exit(1)
    askedMs ??= performance.now()
    stop()
  }
}

/** Whether the terminal that we were started on is still there. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'))
    return true
  } catch {
    return false
  }
}

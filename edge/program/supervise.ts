import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Logger } from 'pino'
import { SelvedgeError } from './errors.ts'
import { type ProgramMessage, STOP_MS_MAX } from './run.ts'
import type { ParentMessage } from './wishes.ts'

/** Pause before a restart: doubles with each death in a row, ms. A child that lived long enough starts anew at the least. */
const PAUSE_MS_MIN = 100
const PAUSE_MS_MAX = 15_000
const LIVED_MS = 10_000

/** A child that takes longer to stop than it gives itself is killed, so much later, ms. */
const KILL_AFTER_MS = 1_000

/** A program can't start, or go on, as it is configured; the message comes from the program itself. */
export class StartFailed extends SelvedgeError {
  readonly code = 'SELVEDGE_START'
  readonly remedy: string

  constructor(name: string, told: string) {
    const [problem = 'failed to start', ...remedy] = told.split('\n')
    super(`${name}: ${problem}`)
    this.remedy = remedy.join('\n').trim() || 'See the lines above.'
  }
}

/** A child process that is brought back whenever it dies. Disposing stops it and waits until it has ended. */
export interface Supervised extends AsyncDisposable {
  /** Resolves when it is ready for the first time; rejects with `StartFailed` when it fails before. */
  readonly started: Promise<void>
  /** Whether the child serves right now. */
  readonly ready: boolean
  /** How often it was brought back. */
  readonly restarts: number
  /**
   * Has it take over settings as it runs; it is started again with them if it has to be.
   *
   * @throws StartFailed when it goes on with those it has
   */
  reload(settings: unknown): Promise<void>
  /**
   * Puts another process in its place, which is ready before the old one is told to retire.
   *
   * @throws StartFailed when the other can't start; the old one goes on
   */
  renew(settings: unknown): Promise<void>
  /** Has it retire, and brings it back no more. Resolves when it has ended. */
  retire(): Promise<void>
}

/** What to keep running. */
export interface Charge {
  name: string
  /** Starts the process with an IPC channel. */
  spawn(): ChildProcess
  /** Its first message (see `wishes.ts`). */
  settings: unknown
  /** How long it may take to stop, ms; as long as any program when left out. */
  stopMsMax?(): number
  log: Logger
  /** Called when it died unasked, before the next start. */
  lost?(): void
  /** Called after each end of a process, with the pid that is gone, before the next start. */
  ended?(pid: number): void
}

/** One process in the place of a child. */
interface Life {
  child: ChildProcess
  ready: boolean
  startedMs: number
  /** Its first word about itself. */
  word: Promise<ProgramMessage>
}

/** Starts a child and brings it back with growing pauses whenever it dies, once it has been ready. */
export function supervise(charge: Charge): Supervised {
  const { name, log, stopMsMax = () => STOP_MS_MAX } = charge
  const lives = new Set<Life>()
  let { settings } = charge
  let restarts = 0
  let pauseMs = PAUSE_MS_MIN
  let timer: NodeJS.Timeout | undefined
  let stopping = false
  let present = begin(settings)

  const started = present.word.then((word) => {
    if ('failed' in word) throw new StartFailed(name, word.failed)
  })

  function begin(given: unknown): Life {
    const child = charge.spawn()
    const life: Life = { child, ready: false, startedMs: performance.now(), word: firstMessage(child) }
    lives.add(life)
    child.once('exit', (code, signal) => ended(life, code, signal))
    // A child that is gone before it has read its settings is handled by its 'exit'.
    child.on('error', (error) => log.warn({ error: error.message }, `${name}: IPC failed`))
    tell(child, { settings: given })
    void life.word.then((word) => {
      life.ready = 'ready' in word
    })
    return life
  }

  function ended(life: Life, code: number | null, signal: string | null): void {
    const wasReady = life.ready
    life.ready = false
    lives.delete(life)
    if (life === present && !stopping) charge.lost?.()
    if (life.child.pid !== undefined) charge.ended?.(life.child.pid)
    if (life !== present || stopping || (restarts === 0 && !wasReady)) return
    if (performance.now() - life.startedMs > LIVED_MS) pauseMs = PAUSE_MS_MIN
    if (code === 0) log.info(`${name} has ended; starting it again`)
    else log.warn({ code, signal, pauseMs }, `${name} died; starting it again`)
    timer = setTimeout(again, pauseMs)
    pauseMs = Math.min(PAUSE_MS_MAX, pauseMs * 2)
  }

  function again(): void {
    restarts += 1
    try {
      present = begin(settings)
    } catch (error) {
      log.error({ error: String(error), pauseMs }, `${name} can't be started`)
      timer = setTimeout(again, pauseMs)
      return
    }
    void present.word.then((word) => {
      if ('failed' in word) log.error(`${name}: ${word.failed}`)
    })
  }

  async function endAll(ask: (child: ChildProcess) => void): Promise<void> {
    stopping = true
    clearTimeout(timer)
    await Promise.all([...lives].map(({ child }) => end(child, stopMsMax(), ask)))
  }

  return {
    started,
    get ready() {
      return present.ready
    },
    get restarts() {
      return restarts
    },
    async reload(next) {
      const { child } = present
      const answer = nextMessage(child, (message) => 'reloaded' in message || 'kept' in message)
      tell(child, { settings: next })
      const word = await answer
      if ('kept' in word) throw new StartFailed(name, word.kept)
      settings = next
    },
    async renew(next) {
      const successor = begin(next)
      const word = await successor.word
      if ('failed' in word) throw new StartFailed(name, word.failed)
      clearTimeout(timer)
      const { child } = present
      present = successor
      settings = next
      void end(child, stopMsMax(), () => tell(child, { retire: true }))
    },
    retire: () => endAll((child) => tell(child, { retire: true })),
    [Symbol.asyncDispose]: () => endAll((child) => child.kill('SIGTERM')),
  }
}

function isProgramMessage(message: unknown): message is ProgramMessage {
  return (
    typeof message === 'object' &&
    message !== null &&
    ['ready', 'failed', 'reloaded', 'kept'].some((word) => word in message)
  )
}

/** The child's first word about itself; that it died is one too. Never rejects. */
function firstMessage(child: ChildProcess): Promise<ProgramMessage> {
  return nextMessage(child, (message) => 'ready' in message || 'failed' in message)
}

/** The next message of a kind; that the child has ended is a failure. Never rejects. */
function nextMessage(
  child: ChildProcess,
  isOfKind: (message: ProgramMessage) => boolean,
): Promise<ProgramMessage> {
  const { promise, resolve } = Promise.withResolvers<ProgramMessage>()
  const hear = (message: unknown) => {
    if (isProgramMessage(message) && isOfKind(message)) resolve(message)
  }
  const leave = (code: number | null, signal: string | null) =>
    resolve({ failed: `ended with ${signal ?? `status ${code}`} before it was ready` })
  child.on('message', hear)
  child.once('exit', leave)
  return promise.finally(() => {
    child.off('message', hear)
    child.off('exit', leave)
  })
}

function tell(child: ChildProcess, message: ParentMessage): void {
  // One that is gone is heard of by its 'exit'.
  if (child.connected) child.send(message, () => undefined)
}

/** Asks a child to end, and sees to it that it does. */
async function end(
  child: ChildProcess,
  stopMsMax: number,
  ask: (child: ChildProcess) => void,
): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  ask(child)
  const killer = setTimeout(() => child.kill('SIGKILL'), stopMsMax + KILL_AFTER_MS)
  await exit
  clearTimeout(killer)
}

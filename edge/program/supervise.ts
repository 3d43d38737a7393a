import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Logger } from 'pino'
import { SelvedgeError } from './errors.ts'
import type { ProgramMessage, SettingsMessage } from './run.ts'

/** Pause before a restart: doubles with each death in a row, ms. A child that lived long enough starts anew at the least. */
const PAUSE_MS_MIN = 100
const PAUSE_MS_MAX = 15_000
const LIVED_MS = 10_000

/** How long a child may take to stop before it is killed, ms: longer than it gives itself. */
const KILL_AFTER_MS = 7_000

/** A program can't start as it is configured; the message comes from the program itself. */
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
}

/** What to keep running. */
export interface Charge {
  name: string
  /** Starts the process with an IPC channel. */
  spawn(): ChildProcess
  /** Its first message (see `runProgram`). */
  settings: unknown
  log: Logger
  /** Called after each death, with the pid that is gone, before the next start. */
  died?(pid: number): void
}

/** Starts a child and brings it back with growing pauses whenever it dies, once it has been ready. */
export function supervise(charge: Charge): Supervised {
  const { name, log } = charge
  let child = charge.spawn()
  let ready = false
  let restarts = 0
  let pauseMs = PAUSE_MS_MIN
  let timer: NodeJS.Timeout | undefined
  let stopping = false
  let startedMs = performance.now()

  const started = begin().then((word) => {
    if ('failed' in word) throw new StartFailed(name, word.failed)
  })

  function begin(): Promise<ProgramMessage> {
    startedMs = performance.now()
    child.once('exit', exited)
    // A child that is gone before it has read its settings is handled by its 'exit'.
    child.on('error', (error) => log.warn({ error: error.message }, `${name}: IPC failed`))
    child.send({ settings: charge.settings } satisfies SettingsMessage, () => undefined)
    return firstMessage(child).then((message) => {
      ready = 'ready' in message
      if (!ready && restarts > 0) log.error(`${name}: ${'failed' in message ? message.failed : ''}`)
      return message
    })
  }

  function exited(code: number | null, signal: string | null): void {
    const wasReady = ready
    ready = false
    if (child.pid !== undefined) charge.died?.(child.pid)
    if (stopping || (restarts === 0 && !wasReady)) return
    if (performance.now() - startedMs > LIVED_MS) pauseMs = PAUSE_MS_MIN
    log.warn({ code, signal, pauseMs }, `${name} died; starting it again`)
    timer = setTimeout(again, pauseMs)
    pauseMs = Math.min(PAUSE_MS_MAX, pauseMs * 2)
  }

  function again(): void {
    restarts += 1
    child = charge.spawn()
    void begin()
  }

  return {
    started,
    get ready() {
      return ready
    },
    get restarts() {
      return restarts
    },
    async [Symbol.asyncDispose]() {
      stopping = true
      clearTimeout(timer)
      await end(child)
    },
  }
}

function isProgramMessage(message: unknown): message is ProgramMessage {
  return typeof message === 'object' && message !== null && ('ready' in message || 'failed' in message)
}

/** The child's first word about itself; that it died is one too. Never rejects. */
async function firstMessage(child: ChildProcess): Promise<ProgramMessage> {
  const { promise, resolve } = Promise.withResolvers<ProgramMessage>()
  child.on('message', (message) => {
    if (isProgramMessage(message)) resolve(message)
  })
  child.once('exit', (code, signal) =>
    resolve({ failed: `ended with ${signal ?? `status ${code}`} before it was ready` }),
  )
  return promise
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  const killer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS)
  await exit
  clearTimeout(killer)
}

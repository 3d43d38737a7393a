import { isDeepStrictEqual } from 'node:util'
import { type Logger, pino } from 'pino'
import type { z } from 'zod'
import { describeError, SelvedgeError } from './errors.ts'
import { type ProgramSettings, readSettings } from './settings.ts'
import { type Wish, wishesOf } from './wishes.ts'

/** How long a program may take to end once it was asked to, unless it says otherwise, ms. */
export const STOP_MS_MAX = 6_000

/** What a starting program is given. */
export interface Starting<Settings> {
  settings: Settings
  log: Logger
  /** Whatever must be closed at the end; closed in reverse order. */
  parts: AsyncDisposableStack
}

/** What a program that runs can be asked for. */
export interface Running<Settings> {
  /** Takes over settings while it goes on. Without this, new settings take a new process. */
  reload?(settings: Settings): Promise<void>
  /** Another process has taken its place: resolves when all that it was doing has ended. Without this, at once. */
  retire?(): Promise<void>
}

/** A program of ours. */
export interface Program<Schema extends z.ZodType<ProgramSettings>> {
  name: string
  schema: Schema
  /** Settings of a program that is started by hand with options of its own; `--settings FILE` without. @throws ConfigError */
  settingsByHand?(): unknown
  /**
   * Makes the program's parts; once it has resolved, the program is ready to serve.
   *
   * @param stop aborted as soon as the program is asked to end
   */
  start(starting: Starting<z.infer<Schema>>, stop: AbortSignal): Promise<Running<z.infer<Schema>>>
  /** How long it may take to end once it was asked to, ms. */
  stopMsMax?(settings: z.infer<Schema>): number
}

/** What a program tells the one that started it; `kept` is why it goes on with the settings it had. */
export type ProgramMessage = { ready: true } | { failed: string } | { reloaded: true } | { kept: string }

/**
 * The life of a program: read settings, start, say so, do what is wished (`wishes.ts`), close everything, exit 0.
 *
 * Settings that can't be used end it with status 2, any other failure with status 1. Once it runs, it goes on
 * with those it has when new ones can't be used.
 */
export async function runProgram<Schema extends z.ZodType<ProgramSettings>>(
  program: Program<Schema>,
): Promise<void> {
  const { name } = program
  const { wishes, stop } = wishesOf(program.settingsByHand)
  const parts = new AsyncDisposableStack()
  try {
    const { value: first } = await wishes.read()
    // Stopped before it was told anything.
    if (first === undefined || first.kind === 'retire') process.exit(0)
    const settings = readSettings(program.schema, first.settings(), `settings of ${name}`)
    const base = { program: name, node: settings.node }
    const log = pino(
      { level: settings.logLevel, base, timestamp: pino.stdTimeFunctions.isoTime },
      pino.destination(2),
    )
    const running = await program.start({ settings, log, parts }, stop)
    tellParent({ ready: true })
    log.info(`${name} is ready`)
    const present = { settings, running, log }
    await Promise.race([grant(wishes, program, present), aborted(stop)])
    log.info(`${name} is stopping`)
    await disposeWithin(parts, program.stopMsMax?.(present.settings) ?? STOP_MS_MAX)
    process.exit(0)
  } catch (error) {
    tellParent({ failed: describeError(error) })
    if (process.send === undefined) process.stderr.write(`${name}: ${describeError(error)}\n`)
    await disposeWithin(parts, STOP_MS_MAX)
    process.exit(error instanceof SelvedgeError ? 2 : 1)
  }
}

/** A program that runs, and with which settings. */
interface Present<Settings> {
  settings: Settings
  running: Running<Settings>
  log: Logger
}

/** Does what is wished, one after the other. Resolves when the program is to end. */
async function grant<Schema extends z.ZodType<ProgramSettings>>(
  wishes: ReadableStreamDefaultReader<Wish>,
  program: Program<Schema>,
  present: Present<z.infer<Schema>>,
): Promise<void> {
  const { running, log } = present
  for (;;) {
    const { value: wish } = await wishes.read()
    if (wish === undefined) return
    if (wish.kind === 'retire') {
      log.info(`${program.name} is replaced`)
      return running.retire?.()
    }
    try {
      const isOver = await takeOver(wish.settings, program, present)
      tellParent({ reloaded: true })
      if (isOver) return
    } catch (error) {
      log.error(`${program.name} goes on as it was: ${describeError(error)}`)
      tellParent({ kept: describeError(error) })
    }
  }
}

/**
 * @returns whether the program has to end for these settings; who started it brings it back with them
 * @throws whatever keeps the settings from being used
 */
async function takeOver<Schema extends z.ZodType<ProgramSettings>>(
  read: () => unknown,
  { name, schema }: Program<Schema>,
  present: Present<z.infer<Schema>>,
): Promise<boolean> {
  const { running, log } = present
  const next = readSettings(schema, read(), `settings of ${name}`)
  if (running.reload === undefined) {
    if (isDeepStrictEqual(next, present.settings)) return false
    if (process.send !== undefined) return true
    log.warn(`${name} takes new settings at its next start only`)
    return false
  }
  await running.reload(next)
  present.settings = next
  log.level = next.logLevel
  log.info(`${name} has taken over its settings`)
  return false
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve())
  })
}

function tellParent(message: ProgramMessage): void {
  // The parent may die at any moment; 'disconnect' then ends us, so a failed send needs no answer of its own.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined)
}

async function disposeWithin(parts: AsyncDisposableStack, ms: number): Promise<void> {
  const giveUp = new Promise((resolve) => setTimeout(resolve, ms).unref())
  await Promise.race([parts.disposeAsync(), giveUp])
}

import { on, once } from 'node:events'
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type Logger, pino } from 'pino'
import type { z } from 'zod'
import { describeError, SelvedgeError } from './errors.ts'
import { type ProgramSettings, readSettings } from './settings.ts'

/** How long a program may take to end once it was asked to, ms. */
const STOP_MS_MAX = 6_000

/** What a starting program is given. */
export interface Starting<Settings> {
  settings: Settings
  log: Logger
  /** Whatever must be closed at the end; closed in reverse order. */
  parts: AsyncDisposableStack
}

/** The first message to a program: what it needs to know. */
export interface SettingsMessage {
  settings: unknown
}

/** What a program tells the one that started it. */
export type ProgramMessage = { ready: true } | { failed: string }

/**
 * The life of a program: read settings, start, say so, wait to be stopped, close everything, exit 0.
 *
 * The settings come as an IPC message when another program forked this one, or from
 * `--settings FILE` (JSON) when it was started by hand. It stops on SIGTERM, on SIGINT
 * when started by hand, and when the program that forked it is gone, so that nothing is left behind. Settings that can't be used end it
 * with status 2, any other failure with status 1.
 *
 * @param start makes the program's parts; once it has resolved, the program is ready to serve
 */
export async function runProgram<Schema extends z.ZodType<ProgramSettings>>(
  name: string,
  schema: Schema,
  start: (starting: Starting<z.infer<Schema>>) => Promise<void>,
): Promise<void> {
  const stopped = stopRequested()
  const parts = new AsyncDisposableStack()
  try {
    const settings = readSettings(schema, await settingsGiven(), `settings of ${name}`)
    const base = { program: name, node: settings.node }
    const log = pino(
      { level: settings.logLevel, base, timestamp: pino.stdTimeFunctions.isoTime },
      pino.destination(2),
    )
    await start({ settings, log, parts })
    tellParent({ ready: true })
    log.info(`${name} is ready`)
    await stopped
    log.info(`${name} is stopping`)
    await disposeWithin(parts, STOP_MS_MAX)
    process.exit(0)
  } catch (error) {
    tellParent({ failed: describeError(error) })
    if (process.send === undefined) process.stderr.write(`${name}: ${describeError(error)}\n`)
    await disposeWithin(parts, STOP_MS_MAX)
    process.exit(error instanceof SelvedgeError ? 2 : 1)
  }
}

async function settingsGiven(): Promise<unknown> {
  if (process.send !== undefined) {
    for await (const [message] of on(process, 'message')) {
      // Libraries talk over the same channel: only ours has this form.
      if (isSettingsMessage(message)) return message.settings
    }
  }
  const { values } = parseArgs({ options: { settings: { type: 'string' } } })
  if (values.settings !== undefined) return JSON.parse(readFileSync(values.settings, 'utf8'))
  return undefined
}

function isSettingsMessage(message: unknown): message is SettingsMessage {
  return typeof message === 'object' && message !== null && 'settings' in message
}

/** A terminal's Ctrl-C reaches every process at once; a child waits for its parent to stop it in order. */
function stopRequested(): Promise<unknown> {
  if (process.send === undefined) return Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')])
  process.on('SIGINT', () => undefined)
  return Promise.race([once(process, 'SIGTERM'), once(process, 'disconnect')])
}

function tellParent(message: ProgramMessage): void {
  // The parent may die at any moment; 'disconnect' then ends us, so a failed send needs no answer of its own.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined)
}

async function disposeWithin(parts: AsyncDisposableStack, ms: number): Promise<void> {
  const giveUp = new Promise((resolve) => setTimeout(resolve, ms).unref())
  await Promise.race([parts.disposeAsync(), giveUp])
}

import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { ConfigError } from './errors.ts'
import { heedParent, heedSignals } from './signals.ts'

/** The messages of a program that started another: its settings, first and whenever they change; its end. */
export type ParentMessage = { settings: unknown } | { retire: true }

/** What is wanted of a program, but for its end. */
export type Wish =
  /** To work with these settings: from now on, or as of now. @throws ConfigError when they can't be read */
  | { kind: 'settings'; settings(): unknown }
  /** To leave its work to another process, which has begun, and to end when it has ended its own. */
  | { kind: 'retire' }

/**
 * Hears what is wanted of this program. The settings come as IPC messages when another program forked this
 * one, or from `--settings FILE` (JSON) when it was started by hand; then SIGHUP has the file read again. It
 * is to stop on SIGTERM, on SIGINT when started by hand, and when the program that forked it is gone, so that
 * nothing is left behind.
 *
 * @param byHand how the settings are read when it was started by hand
 * @returns `stop`, aborted when the end is wanted; then `wishes` end too
 */
export function wishesOf(byHand: () => unknown = settingsInFile): {
  wishes: ReadableStreamDefaultReader<Wish>
  stop: AbortSignal
} {
  const stop = new AbortController()
  const stream = new ReadableStream<Wish>({
    start(wishes) {
      stop.signal.addEventListener('abort', () => wishes.close())
      const wish = (one: Wish) => {
        if (!stop.signal.aborted) wishes.enqueue(one)
      }
      if (process.send === undefined) {
        const fromFile = { kind: 'settings', settings: byHand } as const
        wish(fromFile)
        heedSignals({
          stop: () => stop.abort(),
          // Signals that come faster than we take over settings are one.
          reload: () => ((wishes.desiredSize ?? 0) > 0 ? wish(fromFile) : undefined),
        })
        return
      }
      heedParent(() => stop.abort())
      process.on('message', (message) => {
        if (!isParentMessage(message)) return
        if ('retire' in message) wish({ kind: 'retire' })
        else wish({ kind: 'settings', settings: () => message.settings })
      })
    },
  })
  return { wishes: stream.getReader(), stop: stop.signal }
}

/** Libraries talk over the same channel: only ours has these forms. */
function isParentMessage(message: unknown): message is ParentMessage {
  return typeof message === 'object' && message !== null && ('settings' in message || 'retire' in message)
}

/** @throws ConfigError */
function settingsInFile(): unknown {
  const { values } = parseArgs({ options: { settings: { type: 'string' } } })
  if (values.settings === undefined) return undefined
  try {
    return JSON.parse(readFileSync(values.settings, 'utf8'))
  } catch (error) {
    throw new ConfigError('--settings', (error as Error).message, 'Name a file of JSON that can be read.')
  }
}

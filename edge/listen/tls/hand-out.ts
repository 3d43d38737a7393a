import type { ChildProcess } from 'node:child_process'
import type { Keyring, LiveKeyring } from './keyring.ts'

/** What the first process tells its workers. */
interface ToWorker {
  keyring: Keyring
}

/** What a worker asks the first process. */
interface FromWorker {
  keyring: 'wanted'
}

/**
 * Gives the keyring to workers that ask for it, and to each of them again when it changes.
 *
 * @returns what has to be called for each worker that is started
 */
export function handOut(keyring: LiveKeyring): (worker: ChildProcess) => void {
  const members = new Set<ChildProcess>()

  function send(worker: ChildProcess): void {
    const message: ToWorker = { keyring: keyring.current }
    // One that is gone is heard of by its 'exit'.
    if (worker.connected) worker.send(message, () => undefined)
  }

  keyring.onChange(() => members.forEach(send))
  return (worker) => {
    worker.on('message', (message) => {
      if (!hasKeyring(message)) return
      members.add(worker)
      send(worker)
    })
    worker.once('exit', () => members.delete(worker))
  }
}

/** Asks the first process for its keyring, and follows it from there. */
export async function followKeyring(): Promise<LiveKeyring> {
  const { promise: given, resolve } = Promise.withResolvers<void>()
  const acts: (() => void)[] = []
  let current: Keyring | undefined

  process.on('message', (message) => {
    if (!hasKeyring(message)) return
    current = (message as ToWorker).keyring
    resolve()
    for (const act of acts) act()
  })
  // 'disconnect' ends the worker, so a failed send needs no answer of its own.
  process.send?.({ keyring: 'wanted' } satisfies FromWorker, undefined, undefined, () => undefined)
  await given
  return {
    get current() {
      return current as Keyring // given by now
    },
    onChange: (act) => void acts.push(act),
  }
}

function hasKeyring(message: unknown): message is ToWorker | FromWorker {
  return typeof message === 'object' && message !== null && 'keyring' in message
}

import { execFile } from 'node:child_process'
import { promisify, stripVTControlCharacters } from 'node:util'

/** slowhttptest's ways, and the options that make each as slow as it gets. */
export const MODES = {
  H: { name: 'slow heads (slowloris)', path: '/kept', options: ['-H', '-i', '1', '-x', '10'] },
  B: { name: 'slow bodies', path: '/post', options: ['-B', '-i', '1', '-s', '8192', '-x', '10'] },
  X: {
    name: 'slow reading',
    path: '/large',
    options: ['-X', '-w', '1', '-y', '64', '-n', '1', '-z', '16', '-k', '5'],
  },
  R: { name: 'many ranges', path: '/large', options: ['-R', '-t', 'GET', '-a', '1', '-b', '3000'] },
} as const
export type Mode = keyof typeof MODES

/** One attack, as slowhttptest makes it. */
export interface Attack {
  mode: Mode
  connections: number
  /** Where to, without a path. */
  origin: string
  /** How long it lasts, s. */
  seconds: number
}

/** It runs when nobody else wants the core: it gives way to viewers as if it came from another machine. */
const GIVES_WAY = ['-i', '0']

/**
 * Attacks until the time is over. slowhttptest is done as soon as all its connections are closed: then it begins
 * again, so that each way of attacking is watched for as long.
 *
 * @param attacker where slowhttptest is
 * @returns how many connections it still held at its end, as it says itself, and how often it began
 */
export async function attack(attacker: string, one: Attack): Promise<string> {
  const endMs = performance.now() + one.seconds * 1_000
  let held = '?'
  let times = 0
  while (times === 0 || performance.now() < endMs - 1_000) {
    held = await attackOnce(attacker, one)
    times += 1
  }
  return times === 1 ? held : `${held} (${times} attacks)`
}

async function attackOnce(attacker: string, { mode, connections, origin, seconds }: Attack): Promise<string> {
  const { path, options } = MODES[mode]
  const bounds = ['-c', connections, '-r', connections / 2, '-l', seconds, '-p', 5].map(String)
  const command = [...GIVES_WAY, attacker, ...options, ...bounds, '-u', `${origin}${path}`]
  // It ends itself; the timeout is for when it doesn't.
  const { stdout } = await promisify(execFile)('chrt', command, { timeout: (seconds + 10) * 1_000 })
  return stripVTControlCharacters(stdout)
    .matchAll(/connected:\s+(\d+)/g)
    .reduce((_, [, count = '?']) => count, '?')
}

import { parseArgs } from 'node:util'
import { type Http2Use, http2Use } from '../../edge/listen/settings.ts'
import { ConfigError } from '../../edge/program/errors.ts'

/** What is measured, and how much. */
export interface Options {
  /** How often each contender has its turn. */
  rounds: number
  /** How long a turn lasts, seconds. */
  seconds: number
  /** All scenarios and contenders, written to RESULTS.md. */
  full: boolean
  /** Only these, when there are any. */
  scenarios: readonly string[]
  /** Only these beside ours, when there are any. */
  contenders: readonly string[]
  /** Folder for CPU profiles of ours. */
  profile?: string | undefined
  /** What speaks HTTP/2 in ours; as its settings have it unless said. */
  http2?: Http2Use | undefined
}

/** What may be named. */
export interface Names {
  scenarios: readonly string[]
  contenders: readonly string[]
}

/** @throws ConfigError */
export function readOptions(argv: readonly string[], names: Names): Options {
  const { full = false, rounds, seconds, scenario = [], contender = [], profile, http2 } = valuesIn(argv)
  const options = {
    full,
    rounds: wholeNumber('--rounds', rounds ?? '3', 100),
    seconds: wholeNumber('--seconds', seconds ?? (full ? '2' : '1'), 60),
    scenarios: known('--scenario', scenario, names.scenarios),
    contenders: known('--contender', contender, names.contenders),
    profile,
    http2: http2 === undefined ? undefined : http2UseOf(http2),
  }
  if (profile !== undefined && options.scenarios.length !== 1)
    throw new ConfigError('--profile', 'is for one scenario', 'Name it: --scenario hit-1k.')
  return options
}

function valuesIn(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        full: { type: 'boolean' },
        rounds: { type: 'string' },
        seconds: { type: 'string' },
        scenario: { type: 'string', multiple: true },
        contender: { type: 'string', multiple: true },
        profile: { type: 'string' },
        http2: { type: 'string' },
      },
    }).values
  } catch (error) {
    const [problem = ''] = (error as Error).message.split('\n')
    throw new ConfigError(
      'command line',
      problem,
      'There are --full, --scenario NAME, --contender NAME, --rounds N, --seconds N, --http2 own|node and --profile FOLDER.',
    )
  }
}

function http2UseOf(text: string): Http2Use {
  const { data } = http2Use.safeParse(text)
  if (data !== undefined) return data
  throw new ConfigError('--http2', `there is no ${text}`, `There are ${http2Use.options.join(', ')}.`)
}

function wholeNumber(option: string, text: string, maximum: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= 1 && value <= maximum) return value
  throw new ConfigError(option, `can't be ${text}`, `Give a whole number from 1 to ${maximum}.`)
}

/** Names as given, several in one with commas between them. */
function known(option: string, given: readonly string[], names: readonly string[]): string[] {
  const wanted = given.flatMap((text) => text.split(','))
  const stranger = wanted.find((name) => !names.includes(name))
  if (stranger === undefined) return wanted
  throw new ConfigError(option, `there is no ${stranger}`, `There are ${names.join(', ')}.`)
}

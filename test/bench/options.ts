import { parseArgs } from 'node:util'
import { ConfigError } from '../../edge/program/errors.ts'

/** How much is measured. */
export interface Options {
  /** How often each contender has its turn. */
  rounds: number
  /** How long a turn lasts, seconds. */
  seconds: number
}

/** @throws ConfigError */
export function readOptions(argv: readonly string[]): Options {
  const { rounds, seconds } = valuesIn(argv)
  return {
    rounds: wholeNumber('--rounds', rounds ?? '3', 100),
    seconds: wholeNumber('--seconds', seconds ?? '2', 60),
  }
}

function valuesIn(argv: readonly string[]): { rounds?: string; seconds?: string } {
  try {
    return parseArgs({
      args: [...argv],
      options: { rounds: { type: 'string' }, seconds: { type: 'string' } },
    }).values
  } catch (error) {
    const [problem = ''] = (error as Error).message.split('\n')
    throw new ConfigError('command line', problem, 'There are --rounds N and --seconds N.')
  }
}

function wholeNumber(option: string, text: string, maximum: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= 1 && value <= maximum) return value
  throw new ConfigError(option, `can't be ${text}`, `Give a whole number from 1 to ${maximum}.`)
}

import { Command, CommanderError } from 'commander'
import { ConfigError, describeError, SelvedgeError } from '../edge/program/errors.ts'
import { keyCommand } from './api/key-command.ts'
import { importCommand } from './import/command.ts'

/**
 * `npm run analytics -- COMMAND …`: what is done by hand. Each command is a file of its own.
 *
 * @returns the exit status: 0 done, 2 it can't be asked so, 1 anything else
 */
export async function runCommand(argv: readonly string[]): Promise<number> {
  const print = (text: string) => process.stdout.write(text)
  const program = new Command('npm run analytics --').description('What is done by hand for analytics.')
  program.addCommand(keyCommand(print))
  program.addCommand(importCommand(print))
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({ writeErr: () => undefined })
  }
  try {
    await program.parseAsync(argv, { from: 'user' })
    return 0
  } catch (error) {
    const failure = error instanceof CommanderError ? commandLineError(error, program) : error
    if (failure === undefined) return 0
    process.stderr.write(`${describeError(failure)}\n`)
    return failure instanceof SelvedgeError ? 2 : 1
  }
}

/** `undefined` where help was asked for, and given. */
function commandLineError(error: CommanderError, program: Command): ConfigError | undefined {
  if (error.exitCode === 0) return undefined
  const problem =
    error.code === 'commander.help'
      ? `name one of: ${program.commands.map((command) => command.name()).join(', ')}`
      : error.message.replace(/^error: /, '')
  return new ConfigError('command line', problem, 'npm run analytics -- --help tells how to ask.')
}

/**
 * `npm run config`: what may stand in the configuration file, printed from the schema that checks it, and
 * whether a file may be started with.
 */
import { Command, CommanderError } from 'commander'
import { readPriceBook } from '../analytics/usage/price-book.ts'
import { ConfigError, describeError, SelvedgeError } from '../edge/program/errors.ts'
import { checkCertificates } from './certificate.ts'
import { configSchema, readConfig } from './config-file.ts'
import { explainedFields, explanation } from './explain.ts'

const HELP_AFTER = `
Examples:
  npm run config -- explain                           every field: its values, default and meaning
  npm run config -- explain distributions             those below one
  npm run config -- explain minTTL                    those of a name
  npm run config -- check selvedge.yaml               reads it as npm start would

Status 0: fine. 2: the file can't be used; it says which field, what was found and what is allowed.
`

const command = new Command('npm run config --')
  .description('Explains and checks the configuration file.')
  .addHelpText('after', HELP_AFTER)
  .exitOverride()
  .configureOutput({ writeErr: () => undefined })

command
  .command('explain')
  .argument('[FIELD]', 'a field’s path, or its name')
  .description('print every field, or those below one')
  .action((field?: string) => print(explain(field)))

command
  .command('check')
  .argument('[FILE]', 'the file (default: selvedge.yaml)')
  .description('read a file as npm start would')
  .action(async (file = 'selvedge.yaml') => print(await check(file)))

try {
  await command.parseAsync()
} catch (error) {
  const failure =
    error instanceof CommanderError
      ? commandLineError(error)
      : error instanceof Error
        ? error
        : new Error('?')
  if (failure === undefined) process.exit(0)
  process.stderr.write(`${describeError(failure)}\n`)
  process.exit(failure instanceof SelvedgeError ? 2 : 1)
}

/** @throws ConfigError for a field that there isn't */
function explain(asked: string | undefined): string {
  const fields = explainedFields(configSchema)
  if (asked === undefined) return explanation(fields)
  const bare = (path: string) => path.replaceAll('[]', '')
  const found = fields.filter(({ path }) => {
    const here = bare(path)
    return here === bare(asked) || here.startsWith(`${bare(asked)}.`) || here.split('.').at(-1) === asked
  })
  if (found.length > 0) return explanation(found)
  throw new ConfigError(asked, 'is no field of the configuration', 'npm run config -- explain lists all.')
}

/** @throws ConfigError */
async function check(file: string): Promise<string> {
  const { distributions, edge, analytics } = readConfig(file)
  if (analytics.prices !== undefined) await readPriceBook(analytics.prices)
  const doubts = checkCertificates({ tls: edge.tls, distributions }, file)
  const count = distributions.length === 1 ? '1 distribution' : `${distributions.length} distributions`
  const ids = distributions.map(({ id }) => id).join(', ')
  const fine = `${file} is fine: ${count}${ids && ` (${ids})`}.`
  return [fine, ...doubts.map((doubt) => `But ${doubt}.`)].join('\n')
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** Help and version end well; anything else is the caller's mistake. */
function commandLineError(error: CommanderError): ConfigError | undefined {
  if (error.exitCode === 0) return undefined
  const problem = error.message.replace(/^error: /, '').replace('(outputHelp)', 'no command is given')
  return new ConfigError('command line', problem, 'npm run config -- --help shows how.')
}

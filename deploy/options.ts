import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { type Http2Use, http2Use } from '../edge/listen/settings.ts'
import { ConfigError } from '../edge/program/errors.ts'

/** The four programs, in the order in which they start. */
export const PROGRAMS = ['analytics', 'thumbnailer', 'origin-shield', 'edge'] as const
export type ProgramName = (typeof PROGRAMS)[number]

/** What was asked for on the command line. */
export interface Options {
  /** A folder, `s3://bucket/prefix` or an HTTP(S) origin each; empty: the configuration's sites, or the demo. */
  sources: string[]
  host?: string[]
  s3Endpoint?: string
  config?: string
  data?: string
  httpPort?: number
  httpsPort?: number
  apiPort?: number
  only?: ProgramName[]
  workers?: number
  http2?: Http2Use
  cert?: string
  key?: string
  logLevel?: string
  quiet: boolean
}

const HELP_AFTER = `
Examples:
  npm start                                           the demo: three sites
  npm start -- ./public                               a folder, at http://site.localhost:8080/
  npm start -- https://origin.example --host www.example.com
  npm start -- s3://bucket/prefix --s3-endpoint http://127.0.0.1:9000
                                                      keys from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
  npm start -- --config selvedge.yaml --only edge     one program of a larger deployment

Environment:
  CLICKHOUSE_URL   a ClickHouse server, http(s)://user:password@host:8123; embedded when unset
`

/**
 * Reads the command line.
 *
 * @throws ConfigError for an option that can't be used. Prints the help or version and ends the process
 *   with status 0 when asked to.
 */
export function readOptions(argv: readonly string[]): Options {
  const command = new Command('npm start --')
    .description('Runs Selvedge: an edge CDN that knows its traffic, on this machine.')
    .argument('[SOURCE...]', 'what to front: a folder, s3://bucket/prefix, or an http(s):// origin')
    .option('--host <name...>', "host name it answers to; '*' for every name (default: site.localhost)")
    .option('--s3-endpoint <url>', 'S3 endpoint of s3:// sources (default: AWS)')
    .option('--config <file>', 'configuration (default: selvedge.yaml if present)')
    .option('--data <dir>', 'where everything is kept (default: ./data)')
    .option('--http-port <port>', 'edge, HTTP (default: 8080)', port)
    .option('--https-port <port>', 'edge, HTTPS (default: 8443)', port)
    .option('--api-port <port>', 'info API and pages (default: 8090)', port)
    .option('--only <programs>', `start just these, of ${PROGRAMS.join(',')}`, programs)
    .option('--workers <n>', 'edge workers (default: one a core)', count)
    .addOption(
      new Option(
        '--http2 <which>',
        'what speaks HTTP/2: our own stack, or node:http2 (default: own)',
      ).choices(http2Use.options),
    )
    .option('--cert <file>', 'certificate chain for HTTPS, PEM (default: a self-signed one)')
    .option('--key <file>', 'its private key, PEM')
    .option('--log-level <level>', 'least severe line of the programs to print (default: warn)')
    .option('--quiet', 'print warnings and the line that says it is ready, nothing else', false)
    .addHelpText('after', HELP_AFTER)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
  try {
    command.parse(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) process.exit(0)
    throw new ConfigError(
      'command line',
      error.message.replace(/^error: /, ''),
      'npm start -- --help lists all.',
    )
  }
  return { ...command.opts<Omit<Options, 'sources'>>(), sources: command.args }
}

function port(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1 || value > 65_535) {
    throw new InvalidArgumentError('a port is a number from 1 to 65535.')
  }
  return value
}

function count(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1 || value > 256) {
    throw new InvalidArgumentError('a number from 1 to 256 is needed.')
  }
  return value
}

function programs(text: string): ProgramName[] {
  const names = text.split(',').map((name) => name.trim())
  const unknown = names.find((name) => !PROGRAMS.includes(name as ProgramName))
  if (unknown !== undefined) {
    throw new InvalidArgumentError(`${unknown} is no program; there are ${PROGRAMS.join(', ')}.`)
  }
  return names as ProgramName[]
}

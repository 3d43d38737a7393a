import { Command, Option } from 'commander'
import { ConfigError } from '../../edge/program/errors.ts'
import { accessSettings, SCOPES, type Scope } from './access.ts'
import { newKey } from './keyring.ts'

interface Options {
  scope: Scope[]
  requestsPerMinute?: string
}

const HELP_AFTER = `
Example:
  npm run analytics -- key dashboard --scope export --scope reports:read

The key is shown once and kept nowhere: what goes into selvedge.yaml is its hash. A key is ended by taking its
line out and sending SIGHUP.
`

/** `npm run analytics -- key NAME`: makes a key for the info API. */
export function keyCommand(print: (text: string) => void): Command {
  return new Command('key')
    .description('make a key for the info API, and the line of selvedge.yaml that lets it in')
    .argument('<NAME>', 'whose it is: letters, digits, `_`, `.` and `-`')
    .addOption(
      new Option('--scope <scope>', 'what it is for; give it again for more')
        .choices(SCOPES)
        .argParser((scope: string, before: Scope[] = []) => [...before, knownScope(scope)])
        .makeOptionMandatory(),
    )
    .option('--requests-per-minute <number>', 'how often it may ask')
    .addHelpText('after', HELP_AFTER)
    .action((name: string, options: Options) => print(made(name, options)))
}

/** @throws ConfigError */
function knownScope(text: string): Scope {
  const scope = SCOPES.find((one) => one === text)
  if (scope !== undefined) return scope
  throw new ConfigError('--scope', `${text} is none`, `Allowed: ${SCOPES.join(', ')}.`)
}

/** @throws ConfigError */
function made(name: string, { scope, requestsPerMinute }: Options): string {
  const { key, sha256 } = newKey()
  const scopes = [...new Set(scope)]
  const limit = requestsPerMinute === undefined ? {} : { requestsPerMinute: Number(requestsPerMinute) }
  const { error } = accessSettings.safeParse({ keys: [{ name, sha256, scopes, ...limit }] })
  const [issue] = error?.issues ?? []
  if (issue !== undefined) {
    const field = issue.path.at(-1) === 'name' ? 'NAME' : '--requests-per-minute'
    throw new ConfigError(field, issue.message, 'npm run analytics -- key --help tells what is allowed.')
  }
  const line = [
    `name: ${JSON.stringify(name)}`,
    `sha256: "${sha256}"`,
    `scopes: [${scopes.map((one) => `"${one}"`).join(', ')}]`,
  ]
  if (limit.requestsPerMinute !== undefined) line.push(`requestsPerMinute: ${limit.requestsPerMinute}`)
  return `The key, shown this once:

    ${key}

What goes into selvedge.yaml; then kill -HUP the process of npm start:

analytics:
  access:
    keys:
      - { ${line.join(', ')} }
`
}

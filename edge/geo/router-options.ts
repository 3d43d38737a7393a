import { hostname } from 'node:os'
import { Command, CommanderError } from 'commander'
import { ConfigError } from '../program/errors.ts'

/** Ports of an admin that was not asked for: any that is free, told in the log. */
const ANY_PORT = 0

/** The options of `npm run router`, as settings. @throws ConfigError for one that can't be read */
export function routerOptions(argv: readonly string[]): unknown {
  const command = new Command('npm run router --')
    .description('Sends each viewer to the nearest healthy edge: authoritative DNS, and redirects over HTTP.')
    .requiredOption(
      '--fleet <FILE>',
      'the edges; deploy/fleet.example.yaml has every field. SIGHUP reads it anew',
    )
    .requiredOption('--dns-port <N>', 'DNS, over UDP and TCP', Number)
    .option('--http-port <N>', 'redirects over HTTP', Number)
    .option('--admin-port <N>', 'health, metrics, /fleet, /drain and /undrain, on loopback', Number, ANY_PORT)
    .option('--host <ADDRESS>', 'address that is answered on', '0.0.0.0')
    .option(
      '--node <NAME>',
      'name of this machine',
      hostname()
        .replaceAll(/[^A-Za-z0-9._-]/g, '-')
        .slice(0, 63),
    )
    .option('--assume-healthy', 'no probes: for planning')
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
  try {
    command.parse(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) process.exit(0)
    throw new ConfigError('npm run router', error.message, 'See npm run router -- --help.')
  }
  const { fleet, dnsPort, httpPort, adminPort, host, node, assumeHealthy = false } = command.opts()
  return {
    node,
    admin: { port: adminPort },
    fleet,
    host,
    dnsPort,
    ...(httpPort !== undefined && { httpPort }),
    assumeHealthy,
  }
}

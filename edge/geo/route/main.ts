/**
 * `npm run route -- ADDRESS`: where an address is, how far each edge is from it, and what DNS would answer.
 * `npm run route -- --table`: the edge of each country.
 */
import { Command, CommanderError } from 'commander'
import { ConfigError, describeError, SelvedgeError } from '../../program/errors.ts'
import { readFleetFile } from '../fleet/fleet-file.ts'
import { fleetState } from '../fleet/fleet-state.ts'
import { bytesOf } from '../nearest/network.ts'
import { openAtlas } from '../open-atlas.ts'
import { steering } from '../steer.ts'
import { learnHealth } from './learn-health.ts'
import { countryTable, report } from './report.ts'

const EXAMPLE = new URL('../../../deploy/fleet.example.yaml', import.meta.url).pathname

const command = new Command('npm run route --')
  .description('Tells which edge viewers are sent to, and why.')
  .argument('[ADDRESS]', 'of a viewer')
  .option('--fleet <FILE>', 'the edges', EXAMPLE)
  .option('--router <URL>', 'admin of a running router, which knows their health; else all count as healthy')
  .option('--table', 'the edge of each country, or of the address’s')
  .exitOverride()
  .configureOutput({ writeErr: () => undefined })

try {
  command.parse()
  process.stdout.write(await run())
} catch (error) {
  if (error instanceof CommanderError && error.exitCode === 0) process.exit(0)
  const failure =
    error instanceof CommanderError
      ? new ConfigError('npm run route', error.message, 'See npm run route -- --help.')
      : error
  process.stderr.write(`${describeError(failure)}\n`)
  process.exitCode = failure instanceof SelvedgeError ? 2 : 1
}

/** @throws ConfigError */
async function run(): Promise<string> {
  const { fleet: path, router, table = false } = command.opts()
  const [address] = command.args
  if (address === undefined && !table)
    throw new ConfigError('ADDRESS', 'is missing', 'Give an IP address, or --table.')
  const bytes = address === undefined ? undefined : bytesOf(address)
  if (address !== undefined && bytes === undefined)
    throw new ConfigError('ADDRESS', `${address} is no IP address`, 'Give one as 203.0.113.7 or 2001:db8::7.')

  const file = readFleetFile(path)
  const fleet = fleetState(file)
  if (router !== undefined) await learnHealth(fleet, router)
  using atlas = await openAtlas(file, undefined, { needsAsn: bytes !== undefined })
  const parts =
    bytes === undefined ? [] : [report(file, fleet, steering(atlas, fleet, file.toleranceKm)(bytes), address)]
  if (table) parts.push(countryTable(file, fleet, atlas.overrides))
  return `${parts.join('\n')}\nIP Geolocation by DB-IP (https://db-ip.com), CC BY 4.0; countries by IPtoASN, public domain.\n`
}

/**
 * `npm start`: runs Selvedge on one machine. Each program is a child process with its own slice of one
 * configuration; they speak HTTP to each other here exactly as they do across the world.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { pino } from 'pino'
import { ConfigError, describeError, SelvedgeError } from '../edge/program/errors.ts'
import { supervise } from '../edge/program/supervise.ts'
import type { ShieldDistribution } from '../origin-shield/distribution-schema.ts'
import { checkCertificates, selfSignedCertificate } from './certificate.ts'
import { type Config, configFile, HTTP_PORT_DEFAULT, readConfig } from './config-file.ts'
import { openDemo } from './demo/demo.ts'
import { identityOf } from './identity.ts'
import { levelOf, logLines } from './logs.ts'
import { type Options, PROGRAMS, type ProgramName, readOptions } from './options.ts'
import { type Plan, planOf } from './plan.ts'
import { internalPorts, rememberPorts } from './ports.ts'
import { screen } from './screen.ts'
import { distributionsOf } from './sources.ts'

/** Starting order: who is asked starts before who asks. They stop in the opposite order, so no record is stranded. */
const MAINS: Record<ProgramName, string> = {
  analytics: '../analytics/main.ts',
  thumbnailer: '../thumbnailer/main.ts',
  'origin-shield': '../origin-shield/main.ts',
  edge: '../edge/main.ts',
}

/** Asked to stop before everything ran: that is no failure. */
class StoppedEarly extends Error {}

const stopped = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
const parts = new AsyncDisposableStack()
try {
  await start(readOptions(process.argv.slice(2)))
  await stopped
  await parts.disposeAsync()
  process.exit(0)
} catch (error) {
  if (!(error instanceof StoppedEarly)) {
    process.stderr.write(`\nSelvedge did not start.\n${describeError(error)}\n`)
  }
  await parts.disposeAsync()
  process.exit(error instanceof StoppedEarly ? 0 : error instanceof SelvedgeError ? 2 : 1)
}

async function start(options: Options): Promise<void> {
  const config = withOptions(readConfig(options.config), options)
  makeDataFolder(config.data)
  const configured = {
    shield: config.originShield.port,
    collector: config.analytics.collectorPort,
    thumbnailer: config.thumbnailer.port,
    edgeAdmin: config.edge.admin?.port,
    shieldAdmin: config.originShield.admin?.port,
    analyticsAdmin: config.analytics.admin?.port,
    thumbnailerAdmin: config.thumbnailer.admin?.port,
  }
  const ports = await internalPorts(configured, { isFirst: config.edge.httpPort === HTTP_PORT_DEFAULT })
  rememberPorts(config.data, ports)
  const asked = distributionsOf(options)
  const sites = asked.length > 0 ? asked : config.distributions
  const distributions =
    sites.length > 0
      ? sites
      : parts.use(await openDemo(config.data, { bucket: ports.demoBucket, api: config.analytics.apiPort }))
          .distributions
  const programs = PROGRAMS.filter((name) => options.only?.includes(name) ?? true)
  const tls = config.edge.tls ?? (await certificateFor(distributions, config.data))
  // Only who answers viewers has the files.
  if (programs.includes('edge')) {
    const prefix = options.cert === undefined ? undefined : '--'
    checkCertificates({ tls, distributions }, configFile(options.config), prefix)
  }
  const plan = planOf({
    config,
    ports,
    tls,
    programs,
    distributions,
    identity: identityOf(config, config.data),
    logLevel: levelOf(options.logLevel),
  })

  const say = (text: string) => (options.quiet ? undefined : process.stdout.write(`${text}\n`))
  await startAll(programs, plan, say)
  say(screen({ programs, config, ports, distributions, data: config.data }))
  // The one line that scripts wait for, so it is printed even when we are to be quiet.
  process.stdout.write('Selvedge is ready\n')
}

async function startAll(
  programs: readonly ProgramName[],
  plan: Plan,
  say: (text: string) => void,
): Promise<void> {
  const lines = logLines()
  const log = pino({ base: { program: 'standalone' }, timestamp: pino.stdTimeFunctions.isoTime }, lines)
  for (const name of programs) {
    say(`  starting ${name} …`)
    const spawn = () => {
      const child = fork(new URL(MAINS[name], import.meta.url), {
        stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
      })
      child.stderr?.pipe(lines, { end: false })
      return child
    }
    const child = parts.use(supervise({ name, spawn, settings: plan[name], log }))
    await Promise.race([child.started, stopped.then(stopEarly)])
  }
}

function stopEarly(): never {
  throw new StoppedEarly()
}

/** The command line overrules the configuration. */
function withOptions(config: Config, options: Options): Config {
  const { httpPort, httpsPort, apiPort, workers, cert, key, data } = options
  if ((cert === undefined) !== (key === undefined)) {
    throw new ConfigError('--cert and --key', 'only one of the two is given', 'Give both, or neither.')
  }
  const merged = {
    ...config,
    data: resolve(data ?? config.data),
    edge: {
      ...config.edge,
      ...(httpPort !== undefined && { httpPort }),
      ...(httpsPort !== undefined && { httpsPort }),
      ...(workers !== undefined && { workers }),
      ...(cert !== undefined &&
        key !== undefined && { tls: { ...config.edge.tls, cert, key, ocspResponse: undefined } }),
    },
    analytics: { ...config.analytics, ...(apiPort !== undefined && { apiPort }) },
  }
  forbidSharedPorts(merged)
  return merged
}

/** Workers share the edge's ports among themselves, so two fronts on one would not be noticed. */
function forbidSharedPorts({ edge, analytics }: Config): void {
  const ports = {
    '--http-port': edge.httpPort,
    '--https-port': edge.httpsPort,
    '--api-port': analytics.apiPort,
  }
  const seen = new Map<number, string>()
  for (const [option, port] of Object.entries(ports)) {
    const other = seen.get(port)
    if (other !== undefined)
      throw new ConfigError(option, `${port} is also ${other}`, 'Give each a port of its own.')
    seen.set(port, option)
  }
}

/** @throws ConfigError when nothing can be kept there */
function makeDataFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true })
    accessSync(folder, constants.W_OK)
  } catch (error) {
    throw new ConfigError(
      '--data',
      `${folder} can't be used (${(error as Error).message})`,
      'Name a folder that may be written to.',
    )
  }
}

function certificateFor(distributions: readonly ShieldDistribution[], data: string) {
  const aliases = distributions.flatMap((distribution) => distribution.aliases)
  const names = [...new Set(['localhost', ...aliases.filter((alias) => alias !== '*')])]
  return selfSignedCertificate(names, resolve(data, 'tls'))
}

/**
 * `npm start`: runs Selvedge on one machine. Each program is a child process with its own slice of one
 * configuration; they speak HTTP to each other here exactly as they do across the world.
 */
import { fork } from 'node:child_process'
import { accessSync, constants, mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { pino } from 'pino'
import { ConfigError, describeError, SelvedgeError } from '../edge/program/errors.ts'
import { STOP_MS_MAX } from '../edge/program/run.ts'
import { heedSignals } from '../edge/program/signals.ts'
import { type Supervised, supervise } from '../edge/program/supervise.ts'
import { edgeStopMsMax } from '../edge/settings.ts'
import type { ShieldDistribution } from '../origin-shield/distribution-schema.ts'
import { checkCertificates, selfSignedCertificate } from './certificate.ts'
import { type Config, configFile, HTTP_PORT_DEFAULT, readConfig } from './config-file.ts'
import { type Demo, openDemo } from './demo/demo.ts'
import { identityOf } from './identity.ts'
import { levelOf, logLines } from './logs.ts'
import { type Options, PROGRAMS, type ProgramName, readOptions } from './options.ts'
import { type Ground, planOf } from './plan.ts'
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

const stop = Promise.withResolvers<'stop'>()
const stopped = stop.promise
let reload = Promise.withResolvers<'reload'>()
heedSignals({ stop: () => stop.resolve('stop'), reload: () => reload.resolve('reload') })

const lines = logLines()
const log = pino({ base: { program: 'standalone' }, timestamp: pino.stdTimeFunctions.isoTime }, lines)
const parts = new AsyncDisposableStack()
let demo: Demo | undefined
try {
  const takeOver = await start(readOptions(process.argv.slice(2)))
  while ((await Promise.race([stopped, reload.promise])) === 'reload') {
    // What is asked for meanwhile, however often, is done once.
    reload = Promise.withResolvers()
    await Promise.race([stopped, takeOver()])
  }
  await parts.disposeAsync()
  process.exit(0)
} catch (error) {
  if (!(error instanceof StoppedEarly)) {
    process.stderr.write(`\nSelvedge did not start.\n${describeError(error)}\n`)
  }
  await parts.disposeAsync()
  process.exit(error instanceof StoppedEarly ? 0 : error instanceof SelvedgeError ? 2 : 1)
}

/** Starts everything. @returns what takes over the configuration as it is by then; it never rejects */
async function start(options: Options): Promise<() => Promise<void>> {
  const present = { ground: await groundOf(options) }
  const { programs, config, ports, distributions } = present.ground
  rememberPorts(config.data, ports)

  const say = (text: string) => (options.quiet ? undefined : process.stdout.write(`${text}\n`))
  const children = await startAll(present, say)
  say(screen({ programs, config, ports, distributions, data: config.data }))
  // The one line that scripts wait for, so it is printed even when we are to be quiet.
  process.stdout.write('Selvedge is ready\n')

  return async () => {
    try {
      const ground = await groundOf(options, present.ground)
      const plan = planOf(ground)
      // Shields know a new site before edges ask them for it.
      for (const name of programs) await children.get(name)?.reload(plan[name])
      present.ground = ground
      process.stdout.write('Selvedge has taken over its configuration\n')
    } catch (error) {
      log.error(`Selvedge goes on as it was: ${describeError(error)}`)
    }
  }
}

/**
 * What the programs' settings are made of, by the configuration as it is now.
 *
 * @param before what they were made of at the start: what is chosen there stays
 * @throws ConfigError
 */
async function groundOf(options: Options, before?: Ground): Promise<Ground> {
  const config = withOptions(readConfig(options.config), options)
  makeDataFolder(config.data)
  const identity = identityOf(config, config.data)
  if (before !== undefined)
    forbidChange({ ...before.identity, data: before.config.data }, { ...identity, data: config.data })
  const configured = {
    shield: config.originShield.port,
    collector: config.analytics.collectorPort,
    thumbnailer: config.thumbnailer.port,
    edgeAdmin: config.edge.admin?.port,
    shieldAdmin: config.originShield.admin?.port,
    analyticsAdmin: config.analytics.admin?.port,
    thumbnailerAdmin: config.thumbnailer.admin?.port,
  }
  const ports =
    before?.ports ??
    (await internalPorts(configured, { isFirst: config.edge.httpPort === HTTP_PORT_DEFAULT }))
  const asked = distributionsOf(options)
  const sites = asked.length > 0 ? asked : config.distributions
  const distributions = sites.length > 0 ? sites : await demoSites(config, ports.demoBucket)
  const programs = PROGRAMS.filter((name) => options.only?.includes(name) ?? true)
  const tls = config.edge.tls ?? (await certificateFor(distributions, config.data))
  // Only who answers viewers has the files.
  if (programs.includes('edge')) {
    const prefix = options.cert === undefined ? undefined : '--'
    checkCertificates({ tls, distributions }, configFile(options.config), prefix)
  }
  return {
    config,
    ports,
    tls,
    programs,
    distributions,
    identity,
    logLevel: levelOf(options.logLevel),
  }
}

async function demoSites({ data, analytics }: Config, bucketPort: number): Promise<Demo['distributions']> {
  demo ??= parts.use(await openDemo(data, { bucket: bucketPort, api: analytics.apiPort }))
  return demo.distributions
}

/** @param present whose ground changes with the configuration */
async function startAll(
  present: { ground: Ground },
  say: (text: string) => void,
): Promise<ReadonlyMap<ProgramName, Supervised>> {
  const plan = planOf(present.ground)
  const children = new Map<ProgramName, Supervised>()
  for (const name of present.ground.programs) {
    say(`  starting ${name} …`)
    const spawn = () => {
      const child = fork(new URL(MAINS[name], import.meta.url), {
        stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
      })
      child.stderr?.pipe(lines, { end: false })
      return child
    }
    const stopMsMax = () => (name === 'edge' ? edgeStopMsMax(present.ground.config.edge) : STOP_MS_MAX)
    const child = parts.use(supervise({ name, spawn, settings: plan[name], stopMsMax, log }))
    children.set(name, child)
    await Promise.race([child.started, stopped.then(stopEarly)])
  }
  return children
}

function stopEarly(): never {
  throw new StoppedEarly()
}

/** The command line overrules the configuration. */
function withOptions(config: Config, options: Options): Config {
  const { httpPort, httpsPort, apiPort, workers, http2, cert, key, data } = options
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
      ...(http2 !== undefined && { http2 }),
      ...(cert !== undefined &&
        key !== undefined && { tls: { ...config.edge.tls, cert, key, ocspResponse: undefined } }),
    },
    analytics: { ...config.analytics, ...(apiPort !== undefined && { apiPort }) },
  }
  forbidSharedPorts(merged)
  return merged
}

/** What all programs have to agree on can't change in one after the other. */
function forbidChange<Agreed extends Record<string, string>>(before: Agreed, now: Agreed): void {
  const changed = Object.keys(before).filter((field) => before[field] !== now[field])
  if (changed.length === 0) return
  throw new ConfigError(
    changed.join(', '),
    'can’t change while Selvedge runs',
    'Start Selvedge anew to change that.',
  )
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

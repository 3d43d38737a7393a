import { stat } from 'node:fs/promises'
import { Command } from 'commander'
import { pino } from 'pino'
import { openAsns } from '../../edge/geo/database/asn.ts'
import { openGeo } from '../../edge/geo/place.ts'
import { formatText } from '../../edge/log/record.ts'
import { ConfigError } from '../../edge/program/errors.ts'
import { categoriesOf } from '../assemble.ts'
import { openClickHouse } from '../clickhouse/connect.ts'
import { messageOf } from '../clickhouse/failure.ts'
import { migrate, retentionOf } from '../clickhouse/migrate.ts'
import { keepSalts } from '../collect/salts.ts'
import { createUpkeep } from '../daily/upkeep.ts'
import { formulaOf } from '../ranking/formula.ts'
import { clickhouseFolder, readImportConfig } from './import-config.ts'
import { type ImportSummary, importFiles } from './import-files.ts'
import { hostOf } from './log-line.ts'
import { showProgress } from './progress.ts'

interface Options {
  host?: string
  distribution?: string
  site?: string
  config?: string
  data?: string
}

const HELP_AFTER = `
Examples:
  npm run analytics -- import logs/E2EXAMPLE.2026-*.gz
  npm run analytics -- import --host www.example.com /var/log/nginx/access.log.*.gz

Reads CloudFront's standard log files, and Apache's and nginx's common and combined logs, gzip or plain. The
embedded ClickHouse has to be free: stop Selvedge for the while, or set CLICKHOUSE_URL to its server.

A file is known by what is in it, and counts once; started again after Ctrl-C or a crash, it goes on where it
was. Give logs that are complete (a file that has grown is another file), all of a day's before the log forgets
that day, and none that an edge of ours has sent already.
`

/** `npm run analytics -- import FILE…`: other servers' logs become records like our own. */
export function importCommand(print: (text: string) => void): Command {
  return new Command('import')
    .description('import log files of CloudFront, Apache and nginx')
    .argument('<FILE...>', 'log files, gzip or plain')
    .option('--host <name>', 'host of lines that name none: needed for common and combined logs')
    .option('--distribution <id>', 'count for this distribution (default: whichever answers to the host)')
    .option('--site <name>', 'count for this site (default: as it is derived of the host)')
    .option('--config <file>', 'configuration (default: selvedge.yaml if present)')
    .option('--data <dir>', 'where everything is kept (default: as configured, or ./data)')
    .addHelpText('after', HELP_AFTER)
    .action((files: string[], options: Options) => runImport(files, options, print))
}

/** @throws ConfigError @throws DataDirectoryUnusable */
async function runImport(files: string[], options: Options, print: (text: string) => void): Promise<void> {
  const startedMs = performance.now()
  const sizes = await sizesOf(files)
  const config = readImportConfig(options.config)
  const { analytics, distributions } = config
  const formula = formulaOf(analytics.ranking, categoriesOf(distributions))
  const [geo, asnOf] = await Promise.all([
    openGeo(config.edge.countryDatabase),
    openAsns({ path: analytics.asnDatabase, field: 'analytics.asnDatabase' }),
  ])
  const stop = new AbortController()
  const onSignal = () => stop.abort(new Error('stopped'))
  const log = pino({ level: 'warn' }, pino.destination(2))
  await using clickhouse = await openClickHouse({
    data: clickhouseFolder(options.data ?? config.data),
    clickhouseUrl: analytics.clickhouseUrl ?? process.env.CLICKHOUSE_URL,
    clickhouseCluster: analytics.clickhouseCluster,
  })
  // A store's own retention holds: a configuration that was not named must not make it forget.
  const { layout } = clickhouse
  const retentionDays = (await retentionOf(clickhouse.ingest, layout)) ?? analytics.retentionDays
  await migrate(clickhouse.ingest, { retentionDays, layout })
  using salts = keepSalts(clickhouse.ingest, { now: Date.now, log, layout })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal)
  try {
    const summary = await importFiles([...sizes.keys()], {
      clickhouse,
      upkeep: createUpkeep(clickhouse),
      salts,
      geo,
      asnOf,
      honourDoNotTrack: analytics.honourDoNotTrack,
      distributions,
      formula,
      given: givenBy(options),
      retentionDays,
      progress: showProgress(sizes, process.stderr),
      signal: stop.signal,
      nowMs: Date.now(),
    })
    print(told(summary, retentionDays, (performance.now() - startedMs) / 1_000))
    if (summary.isStopped) process.exitCode = 1
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, onSignal)
  }
}

/** What the operator says; like what a viewer says, it gets into the log as printable ASCII. */
function givenBy({ host, distribution, site }: Options) {
  for (const [option, value] of Object.entries({ host, distribution, site })) {
    if (value === undefined || /^[\x21-\x5b\x5d-\x7e]{1,128}$/.test(value)) continue
    throw new ConfigError(
      `--${option}`,
      'is no name',
      'At most 128 letters, digits and signs, without spaces.',
    )
  }
  return { host: host && formatText(hostOf(host)), distribution, site }
}

/** Bytes of each file, in the order given. @throws ConfigError */
async function sizesOf(files: readonly string[]): Promise<Map<string, number>> {
  const sizes = new Map<string, number>()
  for (const file of files) {
    const found = await stat(file).catch((error: unknown) => {
      throw new ConfigError(file, `can't be read (${messageOf(error)})`, 'Name log files, plain or gzip.')
    })
    if (!found.isFile()) throw new ConfigError(file, 'is no file', 'Name log files, plain or gzip.')
    sizes.set(file, found.size)
  }
  return sizes
}

function told(summary: ImportSummary, retentionDays: number, seconds: number): string {
  const { files, known, lines, records, rejected, sites, days, oldDays, isStopped } = summary
  const text = known.map((file) => `${file}, not again\n`)
  if (isStopped) text.push('stopped: give the same files again to go on\n')
  text.push(
    `${files} files, ${lines} lines: ${records} records, ${rejected} rejected (see selvedge.rejected)\n`,
    `${sites} sites on ${days.length} days${days.length === 0 ? '' : `, ${days[0]} to ${days.at(-1)}`}; ` +
      `${seconds.toFixed(1)} s, ${Math.round(lines / seconds)} lines/s\n`,
  )
  if (oldDays > 0) {
    text.push(
      `${oldDays} of the days are older than the log is kept (retentionDays: ${retentionDays}): they count in ` +
        'figures and rankings, their records are forgotten now\n',
    )
  }
  return text.join('')
}

/**
 * `npm run show:logs`: log files beside an independent reader. Viewers ask a real edge for everything that viewers
 * can ask for, cut connections and odd bytes included; what it logged comes through the collector into ClickHouse,
 * is delivered as CloudFront's standard log files, and Debian's goaccess reads them. Its totals must be the log's,
 * and the log must have each request.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { openClickHouse } from '../../analytics/clickhouse/connect.ts'
import { deliverLogs } from '../../analytics/delivery/deliver.ts'
import { destinationsOf } from '../../analytics/delivery/schedule.ts'
import { loggingSchema } from '../../analytics/delivery/settings.ts'
import { createStatements } from '../../analytics/delivery/statements.ts'
import { startSelvedge } from '../deploy/selvedge.ts'
import { segmentsIn } from '../deploy/spool.ts'
import { askForAll, DISTRIBUTIONS } from './log-traffic.ts'

const HOUR_MS = 3_600_000

const say = (line: string) => process.stdout.write(`${line}\n`)

const directory = mkdtempSync(join(tmpdir(), 'selvedge-show-logs-'))
const data = join(directory, 'data')
const folderOf = (id: string) => join(directory, 'logs', id)

/** An origin that keeps viewers waiting, so that some leave before there is an answer. */
const slow = createServer((_request, response) => setTimeout(() => response.end('late'), 1_500))
slow.listen(0, '127.0.0.1')
await new Promise((resolve) => slow.once('listening', resolve))

/** Files of all sizes, and the sites that they belong to. */
function writeConfig(): string {
  const site = join(directory, 'site')
  mkdirSync(site)
  for (let page = 0; page < 20; page += 1) {
    writeFileSync(
      join(site, `page${page}.html`),
      '<!doctype html><title>A page</title>'.padEnd(700 * (page + 1)),
    )
  }
  writeFileSync(join(site, 'style.css'), 'body { color: red }')
  writeFileSync(join(site, 'film.mp4'), Buffer.alloc(6_000_000, 'film'))
  const { port } = slow.address() as AddressInfo
  const distributions = DISTRIBUTIONS.map(({ id, host }) => ({
    id,
    aliases: [host],
    origins: [
      { id: 'folder', folder: { path: site } },
      { id: 'slow', http: { url: `http://127.0.0.1:${port}` } },
    ],
    cacheBehaviors: [{ pathPattern: '/slow*', targetOriginId: 'slow', cachePolicy: 'CachingDisabled' }],
    logging: { folder: folderOf(id) },
  }))
  const config = join(directory, 'selvedge.yaml')
  // JSON is YAML.
  writeFileSync(config, JSON.stringify({ edge: { workers: 2 }, distributions }))
  return config
}

/** Has everything asked for, and waits until the log has it. @returns how many requests each site was sent */
async function beViewed(): Promise<Map<string, number>> {
  const selvedge = await startSelvedge(['--config', writeConfig(), '--log-level', 'error'], ['--data', data])
  if (selvedge.process.exitCode !== null) throw new Error(selvedge.stderr())
  const sent = await askForAll(selvedge)
  // The last viewers' requests end when the slow origin has answered, and their records are on disk a second later.
  do await pause(4_000)
  while (segmentsIn(data).some((name) => name.endsWith('.sealed')))
  await selvedge.stop()
  // A batch is what was stored in seconds that are over.
  await pause(3_000)
  return sent
}

interface Totals {
  requests: number
  bytes: number
  unanswered: number
  /** Of the network, day and User-Agent, as goaccess has them: of requests that weren't answered by 4xx, and of all. */
  visitors: number
  allVisitors: number
}

/** Delivers the hours of the log, as the program does when they are over. @returns what the log has of each site */
async function deliver(): Promise<Map<string, Totals>> {
  await using clickhouse = await openClickHouse({ data: join(data, 'clickhouse') })
  const statements = createStatements(clickhouse)
  const destinations = await destinationsOf(
    DISTRIBUTIONS.map(({ id }) => ({ id, logging: loggingSchema.parse({ folder: folderOf(id) }) })),
  )
  const { files, failures } = await deliverLogs(
    statements,
    { destinations, settleSeconds: 0 },
    Date.now() + 2 * HOUR_MS,
  )
  if (failures.length > 0) throw failures[0]?.error
  say(`${files} files were delivered`)
  const query = `SELECT distribution, count() AS requests, sum(bytes_sent) AS bytes, countIf(status = 0) AS unanswered,
    uniqExactIf((network, toDate(time), user_agent), intDiv(status, 100) != 4) AS visitors,
    uniqExact(network, toDate(time), user_agent) AS allVisitors
    FROM selvedge.access_log GROUP BY distribution SETTINGS output_format_json_quote_64bit_integers = 0`
  const answer = await clickhouse.query.query({ query, format: 'JSONEachRow' })
  const rows = await answer.json<Totals & { distribution: string }>()
  return new Map(rows.map(({ distribution, ...totals }) => [distribution, totals]))
}

/** What goaccess makes of a site's files. */
function readBy(id: string, more: readonly string[]): Record<string, number> {
  const folder = folderOf(id)
  const names = readdirSync(folder).filter((name) => name.endsWith('.gz'))
  const whole = join(directory, `${id}.log`)
  const report = join(directory, `${id}.json`)
  writeFileSync(whole, Buffer.concat(names.map((name) => gunzipSync(readFileSync(join(folder, name))))))
  // CloudFront has 000 for who left before an answer, which goaccess otherwise takes for a broken line.
  const options = [
    '--log-format=CLOUDFRONT',
    '--no-strict-status',
    '--no-global-config',
    '--no-progress',
    '-o',
    report,
    ...more,
  ]
  execFileSync('goaccess', [whole, ...options], { stdio: ['ignore', 'ignore', 'inherit'] })
  return (JSON.parse(readFileSync(report, 'utf8')) as { general: Record<string, number> }).general
}

const sent = await beViewed()
slow.closeAllConnections()
slow.close()
const logged = await deliver()
let isEqual = true

/** One line of the comparison. */
function compare(
  what: string,
  ours: number | undefined,
  theirs: number | undefined,
  whose = 'goaccess',
): void {
  const same = ours !== undefined && ours === theirs
  isEqual &&= same
  say(`  ${what.padEnd(14)}ours ${ours}  ${whose} ${theirs}  ${same ? 'equal' : 'DIFFERENT'}`)
}

for (const { id, hasPlainAgents } of DISTRIBUTIONS) {
  const ours = logged.get(id)
  const theirs = readBy(id, [])
  say(`${id}: ${ours?.unanswered} of the requests got no answer (status 000)`)
  compare('requests', ours?.requests, theirs.valid_requests)
  compare('failed lines', 0, theirs.failed_requests)
  compare('bytes', ours?.bytes, theirs.bandwidth)
  if (hasPlainAgents) {
    // Unless it is told otherwise, it counts nobody as a visitor whose only requests were answered by 4xx.
    compare('visitors', ours?.visitors, theirs.unique_visitors)
    compare('… with 4xx', ours?.allVisitors, readBy(id, ['--4xx-to-unique-count']).unique_visitors)
  } else {
    // It decodes and trims a User-Agent before it tells visitors apart, so odd ones that differ are one to it.
    say(
      `  visitors      ours ${ours?.visitors}  goaccess ${theirs.unique_visitors}  odd User-Agents: not comparable`,
    )
  }
}
const unreadable = logged.get('')?.requests ?? 0
say(`both, and ${unreadable} that were no requests of any site (400):`)
const sum = (counts: Iterable<number>) => [...counts].reduce((all, one) => all + one, 0)
compare('requests', sum([...logged.values()].map(({ requests }) => requests)), sum(sent.values()), 'sent')
rmSync(directory, { recursive: true, force: true })
process.exitCode = isEqual ? 0 : 1

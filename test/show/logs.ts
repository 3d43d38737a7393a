/**
 * Log files beside an independent reader: made-up records with every odd character that a viewer can send are
 * delivered as CloudFront's standard log files, Debian's goaccess reads them, and its totals must be the log's.
 */
import { execFileSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { deliverLogs } from '../../analytics/delivery/deliver.ts'
import { destinationsOf } from '../../analytics/delivery/schedule.ts'
import { loggingSchema } from '../../analytics/delivery/settings.ts'
import { createStatements } from '../../analytics/delivery/statements.ts'
import { formatText } from '../../edge/log/record.ts'
import { openAccessLog, viewBut } from '../analytics/access-log.ts'

const RECORDS = 40_000
const HOURS = 3
const MIDNIGHT_MS = Date.UTC(2026, 6, 25)

/** What viewers could put anywhere: each character of a byte, encoded and raw, and nothing. */
const ODD = [
  ...Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)),
  ...[
    '',
    '-',
    '%',
    '%20',
    '%zz',
    '\\t',
    '"',
    "'",
    '日本',
    '😀',
    'a b',
    '#',
    '?&=+',
    '\r\n',
    '<script>',
    '`|^~[]{}',
  ],
]
const METHODS = ['GET', 'GET', 'GET', 'HEAD', 'POST', 'PUT', 'OPTIONS', 'DELETE']
const STATUSES = [200, 200, 200, 206, 301, 304, 403, 404, 500, 502, 503]
const pick = <T>(values: readonly T[], at: number) => values[at % values.length] as T

function record(n: number) {
  const odd = pick(ODD, n)
  const ms = MIDNIGHT_MS + Math.floor((n * HOURS * 3_600_000) / RECORDS)
  return {
    ...viewBut({ visitor: n % 5_000 }),
    time: new Date(ms).toISOString().slice(0, 23).replace('T', ' '),
    stored_at: n % 100 === 0 ? '2026-07-25 09:00:00' : '2026-07-25 04:00:00',
    request_id: `id-${n}`,
    node: 'cdg1',
    method: pick(METHODS, n),
    scheme: n % 3 === 0 ? 'http' : 'https',
    protocol_version: n % 3 === 0 ? 'HTTP/1.1' : 'HTTP/2.0',
    tls_protocol: n % 3 === 0 ? '' : 'TLSv1.3',
    path: formatText(`/${odd}/page${n % 70}`),
    query: formatText(n % 2 === 0 ? '' : `q=${odd}`),
    status: pick(STATUSES, n),
    bytes_sent: 500 + ((n * 7_919) % 100_000),
    time_taken_us: (n * 131) % 3_000_000,
    result_type: pick(['Hit', 'RefreshHit', 'Miss', 'Error'], n),
    referer: formatText(n % 4 === 0 ? '' : `https://from.example/${odd}`),
    user_agent: formatText(n % 50 === 0 ? '' : `Mozilla/5.0 (X11; Linux x86_64) Firefox/${n % 40} ${odd}`),
    network: n % 5 === 0 ? `2001:db8:${(n % 900).toString(16)}::/48` : `10.${n % 200}.${n % 7}.0/24`,
    content_type: n % 9 === 0 ? '' : 'text/html',
  }
}

const folder = await mkdtemp(join(tmpdir(), 'selvedge-show-logs-'))
await using log = await openAccessLog()
const statements = createStatements({ upkeep: log.upkeep, layout: {} })
const destinations = await destinationsOf([{ id: 'docs', logging: loggingSchema.parse({ folder }) }])
const deliver = (hour: number) =>
  deliverLogs(statements, { destinations, settleSeconds: 0 }, MIDNIGHT_MS + hour * 3_600_000)

async function insert(isLate: boolean): Promise<void> {
  for (let from = 0; from < RECORDS; from += 20_000) {
    const values = Array.from({ length: 20_000 }, (_, at) => record(from + at))
    const some = values.filter(({ stored_at }) => (stored_at === '2026-07-25 09:00:00') === isLate)
    await log.ingest.insert({ table: 'selvedge.access_log', values: some, format: 'JSONEachRow' })
    process.stderr.write(`\r${isLate ? 'late records' : 'records'}: ${from + 20_000}`)
  }
  process.stderr.write('\n')
}

await deliver(0)
await insert(false)
const first = await deliver(5)
await insert(true)
const second = await deliver(10)
const third = await deliver(11)

const names = (await readdir(folder)).filter((name) => name.endsWith('.gz'))
const texts = await Promise.all(names.map(async (name) => gunzipSync(await readFile(join(folder, name)))))
const whole = join(folder, 'all.log')
const report = join(folder, 'report.json')
await writeFile(whole, Buffer.concat(texts))
const options = ['--log-format=CLOUDFRONT', '--no-global-config', '--no-progress', '-o', report]
execFileSync('goaccess', [whole, ...options], { stdio: ['ignore', 'ignore', 'inherit'] })
const { general } = JSON.parse(await readFile(report, 'utf8')) as { general: Record<string, number> }

const query = `SELECT count() AS requests, sum(bytes_sent) AS bytes,
  uniqExact(network, toDate(time), user_agent) AS visitors FROM selvedge.access_log
  SETTINGS output_format_json_quote_64bit_integers = 0`
const [ours] = await (await log.query.query({ query, format: 'JSONEachRow' })).json<Record<string, number>>()

const rows = [
  ['requests', ours?.requests, general.valid_requests],
  ['failed lines', 0, general.failed_requests],
  ['bytes', ours?.bytes, general.bandwidth],
] as const
const say = (line: string) => process.stdout.write(`${line}\n`)
say(`${names.length} files: ${first.files}, then ${second.files} for late records, then ${third.files}`)
for (const [what, one, other] of rows) {
  say(`${what.padEnd(14)}ours ${one}  goaccess ${other}  ${one === other ? 'equal' : 'DIFFERENT'}`)
}
// It decodes and trims a User-Agent before it tells visitors apart, so odd ones that differ are one to it.
say(
  `visitors      ours ${ours?.visitors}  goaccess ${general.unique_visitors}  not comparable: odd User-Agents`,
)
await rm(folder, { recursive: true, force: true })
if (rows.some(([, one, other]) => one !== other)) process.exitCode = 1

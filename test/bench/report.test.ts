import { describe, expect, test } from 'vitest'
import { verdictOf } from './aims.ts'
import { CACHE_MEGABYTES } from './contenders/contender.ts'
import { readH2loadReport } from './load/h2load.ts'
import { readWrkReport } from './load/wrk.ts'
import { zipfPaths } from './load/zipf.ts'
import type { Measured, Turn } from './measure.ts'
import { cpuSeconds } from './processes.ts'
import { overviewOf } from './results.ts'
import { type LoadScenario, SCENARIOS } from './scenarios.ts'
import { riseOf, speedBeside, spreadOf } from './statistics.ts'
import { tableOf } from './table.ts'

/** As wrk 4.1.0 prints it. */
const REPORT = `Running 2s test @ http://127.0.0.1:34567/1k
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.24ms    2.01ms  40.06ms   94.93%
    Req/Sec    73.70k     7.31k   80.07k    90.00%
  Latency Distribution
     50%  750.00us
     75%    1.05ms
     90%    1.70ms
     99%    1.63s 
  146692 requests in 2.00s, 193.05MB read
Requests/sec:  73198.44
Transfer/sec:     96.33MB
`

/** As h2load of nghttp2 1.52 prints it. */
const H2LOAD_REPORT = `
finished in 2.00s, 52340.50 req/s, 57.30MB/s
requests: 104681 total, 104937 started, 104681 done, 104681 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 104681 2xx, 0 3xx, 0 4xx, 0 5xx
traffic: 114.60MB (120164736) total, 3.69MB (3868608) headers (space savings 87.81%), 102.23MB (107193344) data
`

const measured = (id: string, ...turns: Turn[]): Measured => ({
  contender: { id, name: id, version: '1' },
  turns,
})

const turn = { requests: 1_000, requestsPerSecond: 500, p50Ms: 1, p99Ms: 2, cpuUsPerRequest: 20, hitRatio: 1 }

describe('what the benchmark reports', () => {
  test('figures of wrk in one unit, whatever units it chose', () => {
    const report = readWrkReport(REPORT)

    expect(report).toEqual({ requests: 146_692, requestsPerSecond: 73_198.44, p50Ms: 0.75, p99Ms: 1_630 })
  })

  test.each(['  Non-2xx or 3xx responses: 12', '  Socket errors: connect 0, read 3, write 0, timeout 0'])(
    'no figures of a run with failures: %s',
    (line) => {
      const report = REPORT.replace('Requests/sec', `${line}\nRequests/sec`)

      expect(() => readWrkReport(report)).toThrow(line.trim())
    },
  )

  test('figures of h2load, which tells no quantiles', () => {
    const report = readH2loadReport(H2LOAD_REPORT)

    expect(report).toMatchObject({ requests: 104_681, requestsPerSecond: 52_340.5 })
  })

  test('no figures of a run of h2load with failures', () => {
    expect(() => readH2loadReport(H2LOAD_REPORT.replace('0 5xx', '7 5xx'))).toThrow('7 errors')
    expect(() => readH2loadReport(H2LOAD_REPORT.replace('0 failed', '3 failed'))).toThrow('3 failures')
  })

  test('the speed beside another: by CPU time where one left a part of its core unused', () => {
    const full = { ...turn, requestsPerSecond: 50_000, cpuUsPerRequest: 20 }
    const idle = { ...turn, requestsPerSecond: 50_000, cpuUsPerRequest: 5 }
    const peer = measured('peer', full)

    expect(speedBeside(measured('ours', { ...full, requestsPerSecond: 49_000 }), peer)).toMatchObject({
      median: 0.98,
      by: 'requests',
    })
    expect(speedBeside(measured('ours', idle), peer)).toMatchObject({ median: 4, by: 'CPU time' })
  })

  test('the rise of a line through values, as a share of their mean', () => {
    expect(riseOf([100, 100, 100])).toBe(0)
    expect(riseOf([90, 100, 110])).toBeCloseTo(0.2)
    expect(riseOf([100, 120, 100, 120, 100])).toBeCloseTo(0)
  })

  test('a verdict on each aim, and on none that could not be measured', () => {
    expect(verdictOf({ of: 'nginx', atLeast: 1.3 }, { value: 1.3 })).toBe('✓ ≥ 1.3 × nginx')
    expect(verdictOf({ of: 'nginx', atLeast: 1.3 }, { value: 1.2, how: 'by CPU time' })).toBe(
      '✗ ≥ 1.3 × nginx (1.20 by CPU time)',
    )
    expect(verdictOf({ atMost: 10 }, { value: 12 })).toBe('✗ ≤ 10')
    expect(verdictOf({ of: 'varnish', atLeast: 2.5 }, undefined)).toBe('– ≥ 2.5 × varnish: not measured')
  })

  test('an overview, with the best of the peers', () => {
    const scenario = SCENARIOS.find(({ id }) => id === 'hit-1k') as LoadScenario
    const peers = [
      measured('nginx', { ...turn, requestsPerSecond: 400 }),
      measured('squid', { ...turn, requestsPerSecond: 500 }),
    ]
    const all = [measured('selvedge', { ...turn, requestsPerSecond: 600 }), ...peers]

    const overview = overviewOf([{ scenario, measured: all, leftOut: [] }])

    const [, , row] = overview.split('\n').map((line) => line.split('|').map((cell) => cell.trim()))
    expect(row?.slice(1, 6)).toEqual([scenario.title, '600/s', '1.50', '1.20 (squid)', ''])
  })

  test('a browser’s head of 770 bytes and 15 fields', () => {
    const { asks } = SCENARIOS.find(({ id }) => id === 'browser-head') as LoadScenario
    const fields = Object.entries({ Host: 'bench.localhost', ...asks.headers })
    const head = `GET ${asks.path} HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`

    expect([head.length, fields.length]).toEqual([770, 15])
  })

  test('a Zipf mix that is the same each time, and four times what a cache may hold', () => {
    const paths = zipfPaths()
    const sizes = [...new Set(paths)].map((path) => Number(path.split('/')[1]))

    expect(zipfPaths().join() === paths.join()).toBe(true)
    expect(sizes.reduce((sum, bytes) => sum + bytes)).toBeGreaterThan(4 * CACHE_MEGABYTES * 1_000_000)
    expect([Math.min(...sizes) >= 1_024, Math.max(...sizes) <= 1_048_576]).toEqual([true, true])
  })

  test('a median with its spread, of odd and even counts', () => {
    expect(spreadOf([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 })
    expect(spreadOf([4, 1, 3, 2])).toEqual({ median: 2.5, min: 1, max: 4 })
  })

  test('ratios within each round, not of medians', () => {
    const ours = {
      contender: { id: 'selvedge', name: 'ours', version: '1' },
      turns: [turn, { ...turn, requestsPerSecond: 100 }],
    }
    const peer = {
      contender: { id: 'nginx', name: 'peer', version: '2' },
      turns: [turn, { ...turn, requestsPerSecond: 200 }],
    }

    const table = tableOf([ours, peer], peer)

    const [, , oursRow, peerRow] = table.split('\n').map((row) => row.split('|').map((cell) => cell.trim()))
    expect(oursRow?.slice(1, 4)).toEqual(['ours (1)', '300 (100–500)', '0.75 (0.50–1.00)'])
    expect(peerRow?.slice(1, 4)).toEqual(['peer (2)', '350 (200–500)', ''])
  })

  test('CPU time of this process grows while it works, and is unknown without /proc', async () => {
    const before = cpuSeconds([process.pid])
    if (process.platform !== 'linux') return expect(before).toBeNaN()

    const spent = () => {
      for (let until = performance.now() + 20; performance.now() < until; );
      return cpuSeconds([process.pid]) - before
    }

    await expect.poll(spent).toBeGreaterThan(0.01)
  })
})

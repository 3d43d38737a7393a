import { describe, expect, test } from 'vitest'
import { readWrkReport } from './load/wrk.ts'
import { cpuSeconds } from './processes.ts'
import { spreadOf } from './statistics.ts'
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

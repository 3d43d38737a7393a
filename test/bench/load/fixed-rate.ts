import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { HOST } from '../contenders/contender.ts'
import type { Ask, FixedRatePlan } from '../scenarios.ts'
import { onAnswer } from './answers.ts'
import type { Load, LoadReport } from './report.ts'

/**
 * Asks at a fixed rate, whether answers come or not, from this process, which is kept to the core for the load.
 *
 * What is slow can't put off the questions after it, and so hide how long they would have waited ("coordinated
 * omission"): the moment at which each request is due is known from the start, its latency counts from that
 * moment, and one that finds no free connection waits in a queue, which counts as well.
 */
export function fixedRateOn(asks: Ask, { perSecond, connections }: FixedRatePlan): Load {
  const request = `GET ${asks.path} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`
  return async ({ ports, seconds }) => {
    await using parts = new AsyncDisposableStack()
    const sockets = Array.from({ length: connections }, () =>
      parts.adopt(
        connect({ host: '127.0.0.1', port: ports.http, noDelay: true }),
        (socket) => void socket.destroy(),
      ),
    )
    await Promise.all(sockets.map((socket) => once(socket, 'connect')))
    return await askAtRate(sockets, request, { perSecond, seconds: seconds * TURNS_LONGER })
  }
}

/** The slowest hundredth of a turn is few requests: a stall of the machine more or less decides. So turns last longer. */
const TURNS_LONGER = 2

/** How long answers may take after the last request was due, ms. */
const LAST_ANSWERS_MS_MAX = 10_000

/** @throws when a connection fails, or an answer is none of status 200 */
async function askAtRate(
  sockets: readonly Socket[],
  request: string,
  { perSecond, seconds }: { perSecond: number; seconds: number },
): Promise<LoadReport> {
  const wanted = perSecond * seconds
  const tookMs = new Float64Array(wanted)
  const startedMs = performance.now()
  const dueMs = (number: number) => startedMs + (number * 1_000) / perSecond
  const free: ((number: number) => void)[] = []
  let asked = 0
  let answered = 0
  let failure: Error | undefined

  for (const socket of sockets) {
    let number = 0
    const ask = (next: number) => {
      number = next
      socket.write(request)
    }
    socket.on('error', (error) => {
      failure ??= error
    })
    onAnswer(socket, ({ status }) => {
      tookMs[number] = performance.now() - dueMs(number)
      answered += 1
      if (status !== 200) failure ??= new Error(`an answer had status ${status}`)
      // Whatever is already due goes out at once, in the order in which it fell due.
      if (asked < wanted && dueMs(asked) <= performance.now()) ask(asked++)
      else free.push(ask)
    })
    free.push(ask)
  }

  const endMs = dueMs(wanted) + LAST_ANSWERS_MS_MAX
  while (answered < wanted && failure === undefined) {
    const nowMs = performance.now()
    if (nowMs > endMs) failure = new Error(`${wanted - answered} requests were not answered within 10 s`)
    while (asked < wanted && dueMs(asked) <= nowMs) {
      // The one that has been free for longest, so that all of them are used.
      const ask = free.shift()
      if (ask === undefined) break
      ask(asked++)
    }
    // Not a timer, which would be a millisecond late: this core is ours.
    await new Promise((resolve) => setImmediate(resolve))
  }
  if (failure !== undefined) throw failure
  tookMs.sort()
  const quantile = (share: number) => tookMs[Math.floor(share * (wanted - 1))] ?? Number.NaN
  const tookSeconds = (performance.now() - startedMs) / 1_000
  return {
    requests: wanted,
    requestsPerSecond: wanted / tookSeconds,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
  }
}

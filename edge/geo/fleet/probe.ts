import type { Logger } from 'pino'
import { Agent, request } from 'undici'
import { LOAD_HEADER } from '../../program/admin.ts'
import type { FleetFile } from './fleet-file.ts'
import type { EdgeState, FleetState } from './fleet-state.ts'

/** How much of a load is the last probe's: one busy second is no reason to send viewers elsewhere. */
const LATEST_SHARE = 0.5
/** Of an answer no more is read, bytes. */
const ANSWER_BYTES_MAX = 4_096

/**
 * Asks each edge again and again whether it can serve. `fall` bad answers in a row and it is dead, `rise` good ones
 * and it lives; its load is learnt from the same answer. Disposed of, it stops.
 */
export function probeEdges(
  fleet: FleetState,
  { probe }: Pick<FleetFile, 'probe'>,
  log: Logger,
): AsyncDisposable {
  const agent = new Agent({
    connectTimeout: probe.timeoutMs,
    keepAliveTimeout: 1,
    connections: 2,
    pipelining: 1,
  })
  const stop = new AbortController()
  const timers = fleet.edges.map((state, at) => {
    const count = { good: 0, bad: 0 }
    let isUnderWay = false
    const ask = async () => {
      if (isUnderWay) return
      isUnderWay = true
      const heard = await probeOnce(probeUrl(state, probe.port), agent, probe.timeoutMs, stop.signal)
      isUnderWay = false
      if (!stop.signal.aborted) take(state, heard, count, probe, log)
    }
    // Spread over the interval, the first at once.
    const first = setTimeout(() => void ask(), (at * Math.min(probe.intervalMs, 1_000)) / fleet.edges.length)
    const timer = setInterval(() => void ask(), probe.intervalMs)
    return { first, timer }
  })
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      for (const { first, timer } of timers) {
        clearTimeout(first)
        clearInterval(timer)
      }
      await agent.destroy()
    },
  }
}

/** What a probe comes to: the load, if any was said, or what is wrong. */
type Heard = { load: number | undefined } | { trouble: string }

async function probeOnce(
  url: string,
  dispatcher: Agent,
  timeoutMs: number,
  stop: AbortSignal,
): Promise<Heard> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(timeoutMs)])
  try {
    const { statusCode, headers, body } = await request(url, { dispatcher, signal, reset: true })
    await body.dump({ limit: ANSWER_BYTES_MAX, signal })
    if (statusCode !== 200) return { trouble: `its /readyz says ${statusCode}` }
    const load = Number(headers[LOAD_HEADER.toLowerCase()] ?? Number.NaN)
    return { load: load >= 0 && load <= 1 ? load : undefined }
  } catch (error) {
    return {
      trouble: (error as Error).name === 'TimeoutError' ? `no answer in ${timeoutMs} ms` : String(error),
    }
  }
}

function take(
  state: EdgeState,
  heard: Heard,
  count: { good: number; bad: number },
  { rise, fall }: FleetFile['probe'],
  log: Logger,
): void {
  if ('trouble' in heard) {
    count.good = 0
    count.bad += 1
    state.trouble = heard.trouble
    if (count.bad < fall || !state.alive) return
    state.alive = false
    log.warn({ edge: state.code, trouble: heard.trouble }, 'an edge is dead')
    return
  }
  count.bad = 0
  count.good += 1
  state.trouble = undefined
  if (heard.load !== undefined) state.load += (heard.load - state.load) * LATEST_SHARE
  if (count.good < rise || state.alive) return
  state.alive = true
  log.info({ edge: state.code }, 'an edge lives again')
}

/** Where an edge's `/readyz` is. */
function probeUrl({ edge }: EdgeState, port: number): string {
  if (edge.probe !== undefined) return edge.probe
  const [address = ''] = edge.addresses
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}/readyz`
}

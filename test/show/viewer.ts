import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { HOST } from './deployment.ts'

/** What viewers saw of an edge for a while. */
export interface Seen {
  /** How long each answered request took, ms. */
  tookMs: number[]
  /** What each failed request failed by. */
  failures: string[]
}

/** Viewers that ask an edge at a steady pace and never try anything twice. */
export interface Viewing {
  port: number
  tls?: boolean
  /** Address they come from. */
  from?: string
  /** Whether a connection is used for one request only. */
  closes: boolean
  /** From one request of a viewer to its next, ms. */
  everyMs: number
  /** The target of a viewer's next request. */
  target(): string
  /** Ends them. */
  until: AbortSignal
}

/** Starts some viewers. Resolves with all that they saw when `until` is aborted and their last requests are answered. */
export async function view(viewers: number, viewing: Viewing): Promise<Seen> {
  const seen: Seen = { tookMs: [], failures: [] }
  const one = async (at: number) => {
    // Not all at the same moment.
    await pause((viewing.everyMs * at) / viewers)
    await viewSteadily(viewing, seen)
  }
  await Promise.all(Array.from({ length: viewers }, (_, at) => one(at)))
  return seen
}

async function viewSteadily(viewing: Viewing, seen: Seen): Promise<void> {
  let connection: Connection | undefined
  let nextMs = performance.now()
  while (!viewing.until.aborted) {
    const startedMs = performance.now()
    try {
      // One that was closed while nothing was asked fails nobody.
      if (connection?.socket.readyState !== 'open') connection = await open(viewing)
      const { status, closes } = await ask(connection, viewing.target(), viewing.closes)
      if (status !== '200') throw new Error(`status ${status}`)
      if (closes) {
        connection.socket.end()
        connection = undefined
      }
      seen.tookMs.push(performance.now() - startedMs)
    } catch (error) {
      seen.failures.push((error as NodeJS.ErrnoException).code ?? (error as Error).message)
      connection?.socket.destroy()
      connection = undefined
    }
    nextMs += viewing.everyMs
    await pause(Math.max(0, nextMs - performance.now()))
  }
  connection?.socket.destroy()
}

interface Connection {
  socket: Socket
  /** What was read and belongs to no answer yet. */
  received: Buffer
  /** Called when more was read, or the connection has ended. */
  heard(): void
}

/** How long anything may take until it counts as failed, ms. */
const ANSWER_MS_MAX = 10_000

async function open({ port, tls, from }: Viewing): Promise<Connection> {
  const at = { host: '127.0.0.1', port, noDelay: true, ...(from !== undefined && { localAddress: from }) }
  const socket = tls ? connectTls({ ...at, servername: HOST, rejectUnauthorized: false }) : connect(at)
  await once(socket, tls ? 'secureConnect' : 'connect', { signal: AbortSignal.timeout(ANSWER_MS_MAX) })
  const connection: Connection = { socket, received: Buffer.alloc(0), heard: () => undefined }
  socket.on('data', (chunk: Buffer) => {
    connection.received = Buffer.concat([connection.received, chunk])
    connection.heard()
  })
  socket.on('close', () => connection.heard())
  // It is read off the socket's state, or fails the request that is under way.
  socket.on('error', () => undefined)
  return connection
}

async function ask(
  connection: Connection,
  target: string,
  closes: boolean,
): Promise<{ status: string; closes: boolean }> {
  const { socket } = connection
  const last = closes ? 'Connection: close\r\n' : ''
  socket.write(`GET ${target} HTTP/1.1\r\nHost: ${HOST}\r\n${last}\r\n`)
  const deadline = setTimeout(() => socket.destroy(new Error('no answer in time')), ANSWER_MS_MAX)
  for (;;) {
    const answer = answerIn(connection.received)
    if (answer !== undefined) {
      clearTimeout(deadline)
      connection.received = connection.received.subarray(answer.bytes)
      return answer
    }
    if (socket.closed) {
      clearTimeout(deadline)
      throw socket.errored ?? new Error('closed without an answer')
    }
    await new Promise<void>((resolve) => {
      connection.heard = resolve
    })
  }
}

/** The answer that some bytes begin with, once it is whole. */
function answerIn(bytes: Buffer): { status: string; closes: boolean; bytes: number } | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const head = bytes.toString('latin1', 0, end)
  const whole = end + 4 + Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0)
  if (bytes.length < whole) return undefined
  return { status: head.slice(9, 12), closes: /^connection: close/im.test(head), bytes: whole }
}

/** A quantile of some times, in words: `0.5` is the median. */
export function quantile(tookMs: readonly number[], at: number): string {
  const value = quantileMs(tookMs, at)
  return Number.isNaN(value) ? '–' : `${value.toFixed(1)} ms`
}

/** The same as a number; `NaN` of none. */
export function quantileMs(tookMs: readonly number[], at: number): number {
  const sorted = [...tookMs].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * at))] ?? Number.NaN
}

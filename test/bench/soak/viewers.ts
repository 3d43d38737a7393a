import { HOST, type Ports } from '../contenders/contender.ts'
import { type Line, openLine } from '../load/line.ts'
import { zipfPaths } from '../load/zipf.ts'

/** What all viewers together have seen so far. */
export interface Tally {
  requests: number
  /** Downloads that viewers broke off. */
  aborted: number
  connections: number
  errors: number
  /** What the first errors were. */
  problems: string[]
}

/** A request, and what its answer has to be. */
interface Wish {
  path: string
  field?: string
  status: number
  bytes: number
}

/** How many of each kind there are; of each, a third comes by TLS. */
const STAYING = 48
const COMING_AND_GOING = 9
const ABORTING = 6
const PROBLEMS_MAX = 10

/** Lets viewers loose on an edge until told otherwise. They ask again as soon as they are answered. */
export function startViewers(ports: Ports): { tally: Tally; stop(): Promise<void> } {
  const tally: Tally = { requests: 0, aborted: 0, connections: 0, errors: 0, problems: [] }
  const wishes = wishesOf(zipfPaths())
  let isOver = false

  const again = async (round: () => Promise<void>) => {
    while (!isOver) {
      await round().catch((error: Error) => {
        tally.errors += 1
        if (tally.problems.length < PROBLEMS_MAX) tally.problems.push(error.message)
      })
    }
  }
  const lineOf = (number: number) => {
    tally.connections += 1
    return openLine(ports, number % 3 === 0 ? 'https' : 'http')
  }
  const stay = (number: number) => async () => {
    using line = lineOf(number)
    while (!isOver) await ask(line, wishes(), tally)
  }
  const comeAndGo = (number: number) => async () => {
    using line = lineOf(number)
    await ask(line, wishes(), tally)
  }
  const breakOff = (number: number) => async () => {
    using line = lineOf(number)
    const path = Math.random() < 0.5 ? '/1048576/hit' : `/1048576/broken-off/${Math.random()}`
    await line.firstBytes(headOf({ path }))
    tally.aborted += 1
  }

  const all = [
    ...Array.from({ length: STAYING }, (_, number) => again(stay(number))),
    ...Array.from({ length: COMING_AND_GOING }, (_, number) => again(comeAndGo(number))),
    ...Array.from({ length: ABORTING }, (_, number) => again(breakOff(number))),
  ]
  return {
    tally,
    async stop() {
      isOver = true
      await Promise.all(all)
    },
  }
}

/** Draws wishes: hits of several sizes, parts, 304s, and a Zipf mix four times as large as the cache. */
function wishesOf(mix: readonly string[]): () => Wish {
  let at = 0
  return () => {
    const draw = Math.random()
    if (draw < 0.45) return whole('/1024/hit')
    if (draw < 0.55) return whole('/10240/hit')
    if (draw < 0.58) return whole('/102400/hit')
    if (draw < 0.585) return whole('/1048576/hit')
    if (draw < 0.7) return { path: '/1024/hit', field: 'If-None-Match: "/1024/hit"', status: 304, bytes: 0 }
    if (draw < 0.75)
      return { path: '/1048576/hit', field: 'Range: bytes=500000-501023', status: 206, bytes: 1_024 }
    at = (at + 1) % mix.length
    return whole(mix[at] ?? '')
  }
}

function whole(path: string): Wish {
  return { path, status: 200, bytes: Number(path.split('/', 2)[1]) }
}

function headOf({ path, field }: Pick<Wish, 'path' | 'field'>): string {
  return `GET ${path} HTTP/1.1\r\nHost: ${HOST}\r\n${field === undefined ? '' : `${field}\r\n`}\r\n`
}

/** @throws when the answer isn't the one that was wished for, or the connection ends before */
async function ask(line: Line, wish: Wish, tally: Tally): Promise<void> {
  const { status, bodyBytes } = await line.ask(headOf(wish))
  tally.requests += 1
  if (status === wish.status && bodyBytes === wish.bytes) return
  throw new Error(`${wish.path} was answered with ${status} and ${bodyBytes} bytes`)
}

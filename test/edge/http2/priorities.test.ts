import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { priorityIn } from '../../../edge/listen/http2/priority.ts'
import { frame, get, number32, SETTING, setting, TYPE } from '../http2-frames.ts'
import { type WarmFront, warmFront } from './fronts.ts'
import { LARGE_BYTES } from './origin.ts'
import { type Viewer, viewerAt } from './viewer.ts'

const WIDE = 2 ** 31 - 1
const CONNECTION_WINDOW = 65_535

const window = (by: number) => frame(TYPE.window, 0, 0, number32(by))
const reset = (stream: number) => frame(TYPE.reset, 0, stream, number32(8))
const update = (stream: number, priority: string) =>
  frame(TYPE.priorityUpdate, 0, 0, Buffer.concat([number32(stream), Buffer.from(priority)]))
const ask = (stream: number, priority?: string) =>
  get(stream, '/large', priority === undefined ? [] : ['priority', priority])

let front: WarmFront

beforeAll(async () => {
  front = await warmFront('own')
})

afterAll(() => front[Symbol.asyncDispose]())

/** A connection of which the window is used up, by a response that nobody wants any more. */
async function shut(): Promise<Viewer> {
  const viewer = await viewerAt(front.port, { settings: setting(SETTING.initialWindowSize, WIDE) })
  await viewer.send(ask(1))
  await viewer.until(
    () => (viewer.body(1).byteLength === CONNECTION_WINDOW ? true : undefined),
    'a window full',
  )
  await viewer.send(reset(1))
  return viewer
}

/** Opens the window for the bodies of all, bit by bit; returns on which streams DATA came, each named once in a row. */
async function order(viewer: Viewer, streams: readonly number[]): Promise<number[]> {
  await Promise.all(streams.map((stream) => viewer.status(stream)))
  await viewer.ping()
  const before = viewer.frames.length
  for (let bytes = 0; bytes < streams.length * LARGE_BYTES; bytes += 50_000) {
    await viewer.send(window(50_000))
    await viewer.ping()
  }
  await viewer.until(() => streams.every((stream) => viewer.hasEnded(stream)) || undefined, 'whole bodies')
  const data = viewer.frames.slice(before).filter(({ type }) => type === TYPE.data)
  return data.map(({ stream }) => stream).filter((stream, at, all) => stream !== all[at - 1])
}

test('who says more of a priority than there is to say says nothing', () => {
  // Few bytes may have become so many (RFC 7541 §6.1), and each comma of them would be looked at.
  expect(priorityIn(`${','.repeat(4_000)}u=0, i`)).toEqual(priorityIn(''))
})

describe('responses that wait for a window come', () => {
  test('the most urgent first, whole', async () => {
    await using viewer = await shut()

    await viewer.send(ask(3, 'u=7'), ask(5, 'u=0'), ask(7, 'u=4'), ask(9, 'u=1'))

    expect(await order(viewer, [3, 5, 7, 9])).toEqual([5, 9, 7, 3])
  })

  test('of one urgency in the order they were asked for, unless they are incremental', async () => {
    await using viewer = await shut()

    await viewer.send(ask(3, 'u=2'), ask(5, 'u=2'), ask(7, 'u=2'))

    expect(await order(viewer, [3, 5, 7])).toEqual([3, 5, 7])
  })

  test('by turns where they are incremental', async () => {
    await using viewer = await shut()

    await viewer.send(ask(3, 'u=2, i'), ask(5, 'u=2, i'), ask(7, 'i, u=1'))
    const [first, ...rest] = await order(viewer, [3, 5, 7])

    expect(first).toBe(7)
    expect(rest.length).toBeGreaterThan(10)
    expect(rest.slice(0, 4)).toEqual([3, 5, 3, 5])
  })

  test('by turns where nobody said anything', async () => {
    await using viewer = await shut()

    await viewer.send(ask(3), ask(5), ask(7))
    const turns = await order(viewer, [3, 5, 7])

    expect(turns.length).toBeGreaterThan(10)
  })

  test('one after the other where something was said of another request: then saying nothing means the default', async () => {
    await using viewer = await shut()

    await viewer.send(ask(3, 'u=0'), ask(5), ask(7), ask(9, 'u=3, i'))

    expect(await order(viewer, [3, 5, 7, 9])).toEqual([3, 5, 7, 9])
  })

  test('so too where it was said by PRIORITY_UPDATE', async () => {
    await using viewer = await shut()

    await viewer.send(update(3, 'u=0'), ask(3), ask(5), ask(7))

    expect(await order(viewer, [3, 5, 7])).toEqual([3, 5, 7])
  })

  test('as PRIORITY_UPDATE says last, before the request or after', async () => {
    await using viewer = await shut()

    await viewer.send(update(9, 'u=0'), ask(3, 'u=1'), ask(5, 'u=2'), ask(7, 'u=3'), ask(9, 'u=7'))
    await Promise.all([3, 5, 7, 9].map((stream) => viewer.status(stream)))
    await viewer.send(update(3, 'u=6'), update(7, 'u=1'))

    expect(await order(viewer, [3, 5, 7, 9])).toEqual([9, 7, 5, 3])
  })

  test('whatever is said of priorities, heads and what needs no window at once', async () => {
    await using viewer = await shut()

    await viewer.send(ask(3, 'u=0'), get(5, '/204', ['priority', 'u=7']))

    expect(await viewer.status(5)).toBe(204)
    expect(await viewer.status(3)).toBe(200)
    expect(viewer.body(3).byteLength).toBe(0)
  })

  test('as the origin says of them before what was asked for, a parameter each (RFC 9218 §8)', async () => {
    front.origin.answers(({ url = '' }, response) => {
      const isKept = url.startsWith('/kept')
      const fields = {
        'cache-control': isKept ? 'max-age=100' : 'no-store',
        priority: url.split('?')[1] ?? '',
      }
      response.writeHead(200, fields).end(Buffer.alloc(isKept ? LARGE_BYTES : 20_000))
    })
    {
      await using other = await viewerAt(front.port, { settings: setting(SETTING.initialWindowSize, WIDE) })
      await other.send(window(10 * LARGE_BYTES), get(1, '/kept?u=1'))
      await other.until(() => other.hasEnded(1) || undefined, 'a response to keep')
    }
    await using viewer = await shut()

    await viewer.send(
      ask(3, 'u=2'),
      get(5, '/kept?u=1', ['priority', 'u=7']),
      get(7, '/new?u=0', ['priority', 'u=5']),
      get(9, '/new?i=?0', ['priority', 'u=3, i']),
      get(11, '/new?nothing', ['priority', 'u=3']),
    )
    await Promise.all([3, 5, 7, 9, 11].map((stream) => viewer.status(stream)))
    await viewer.send(update(5, 'u=6'), update(9, 'u=2, i'), update(11, 'u=6'))

    expect(await order(viewer, [3, 5, 7, 9, 11])).toEqual([7, 5, 3, 9, 11])
  })
})

describe('responses that come to be sent together', () => {
  /** Asks for all in one packet, with windows for all; returns their frames of HEADERS and DATA, on the first `many`. */
  async function firstFrames(many: number, priorities: readonly string[]): Promise<string[]> {
    await using viewer = await viewerAt(front.port, { settings: setting(SETTING.initialWindowSize, WIDE) })
    const streams = priorities.map((_, at) => 1 + 2 * at)
    await viewer.send(window(1_000_000_000), ...streams.map((stream, at) => ask(stream, priorities[at])))
    await viewer.until(() => streams.every((stream) => viewer.hasEnded(stream)) || undefined, 'whole bodies')
    const names: Record<number, string> = { [TYPE.headers]: 'head', [TYPE.data]: 'body' }
    return viewer.frames
      .flatMap(({ type, stream }) => (type in names ? [`${names[type]} ${stream}`] : []))
      .filter((one, at, all) => one !== all[at - 1])
      .slice(0, many)
  }

  test('by turns give their heads first, so that each has something to begin with', async () => {
    expect(await firstFrames(6, ['i', 'i', 'i'])).toEqual([
      'head 1',
      'head 3',
      'head 5',
      'body 1',
      'body 3',
      'body 5',
    ])
  })

  test('one after the other give their heads with their bodies, before all that is less urgent', async () => {
    expect(await firstFrames(7, ['u=5, i', 'u=5, i', 'u=1', 'u=1'])).toEqual([
      'head 5',
      'body 5',
      'head 7',
      'body 7',
      'head 1',
      'head 3',
      'body 1',
    ])
  })
})

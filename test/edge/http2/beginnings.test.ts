import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Beginnings } from '../../../edge/listen/http2/beginnings.ts'
import { CODE, frame, get, headers, number32, TYPE } from '../http2-frames.ts'
import { type WarmFront, warmFront } from './fronts.ts'
import { asking } from './requests.ts'
import { viewerAt } from './viewer.ts'

describe('requests that memory can’t answer are begun', () => {
  /** Begins so many for each, in this order, and says who was begun by the turn of the loop. */
  async function begunByTurn(asked: readonly (readonly [address: string, connection: string])[]) {
    const beginnings = new Beginnings<string>()
    const turns: string[][] = [[]]
    for (const [address, connection] of asked) {
      beginnings.add(address, connection, () => {
        turns.at(-1)?.push(connection)
        return true
      })
    }
    beginnings.wasRead()
    while (turns.flat().length < asked.length) {
      turns.push([])
      await turn()
    }
    return turns
  }

  test('a few at a turn, however many come at once', async () => {
    const turns = await begunByTurn(Array.from({ length: 500 }, () => ['harm', 'one'] as const))

    expect(Math.max(...turns.map(({ length }) => length))).toBeLessThanOrEqual(16)
    expect(turns.flat().length).toBe(500)
  })

  test('each address in its turn, and of that each connection', async () => {
    const flood = Array.from({ length: 500 }, (_, at) => ['harm', `harm ${at % 100}`] as const)
    const [first = []] = await begunByTurn([...flood, ['good', 'one'], ['good', 'two'], ['good', 'two']])

    expect(first.slice(0, 6)).toEqual(['harm 0', 'one', 'harm 1', 'two', 'harm 2', 'two'])
  })

  test('without those that nobody wants any more, which cost no turn', async () => {
    const beginnings = new Beginnings<string>()
    let begun = 0
    for (let at = 0; at < 1_000; at += 1) beginnings.add('harm', 'one', () => false)
    beginnings.add('harm', 'one', () => {
      begun += 1
      return true
    })

    beginnings.wasRead()

    expect(begun).toBe(1)
  })
})

describe('a request that is broken off in the packet that it comes in', () => {
  let front: WarmFront

  beforeAll(async () => {
    front = await warmFront('own')
  })

  afterAll(() => front[Symbol.asyncDispose]())

  const reset = (stream: number) => frame(TYPE.reset, 0, stream, number32(CODE.CANCEL))
  const faulty = (stream: number) => frame(TYPE.window, 0, stream, number32(0))

  test.each([
    ['by the viewer', reset],
    ['by us, who are made to', faulty],
  ])('%s never gets to the origin, and the next one is answered', async (_, breakOff) => {
    await using viewer = await viewerAt(front.port)
    const ids = Array.from({ length: 100 }, (_, at) => 1 + 2 * at)

    await viewer.send(...ids.flatMap((id) => [get(id, `/never-${breakOff.name}-${id}`), breakOff(id)]))
    await viewer.send(get(301, '/plain'))

    expect(await viewer.status(301)).toBe(200)
    expect(front.origin.requests.filter((asked) => asked.includes('/never'))).toEqual([])
  })

  test('nor does a body that was begun, and what it took of the connection’s window is given back', async () => {
    await using viewer = await viewerAt(front.port)
    const opened = () =>
      viewer.frames.filter(({ type, stream }) => type === TYPE.window && stream === 0).length
    const before = opened()

    for (let id = 1; id < 120; id += 2) {
      await viewer.send(
        headers(id, asking('POST', '/never-whole'), 0),
        frame(TYPE.data, 0, id, Buffer.alloc(16_000)),
        reset(id),
      )
    }

    await viewer.until(() => (opened() > before ? true : undefined), 'WINDOW_UPDATE of the connection')
    expect(front.origin.requests.filter((asked) => asked.includes('/never'))).toEqual([])
  })
})

import type { ServerResponse } from 'node:http'
import { describe, expect, test } from 'vitest'
import { CODE, FLAG, frame, get, headers, number32, padded, TYPE } from '../http2-frames.ts'
import { type WarmFront, warmFront } from './fronts.ts'
import { begun } from './requests.ts'
import { type Viewer, viewerAt } from './viewer.ts'

/** Last stream and error code of each GOAWAY. */
const goaways = ({ frames }: Viewer) =>
  frames
    .filter(({ type }) => type === TYPE.goaway)
    .map(({ payload }) => [payload.readUInt32BE(), payload.readUInt32BE(4)])

const LAST = 2 ** 31 - 1

/** An edge whose origin answers when it is told to. */
async function slowFront(): Promise<{ front: WarmFront; waiting: ServerResponse[] }> {
  const front = await warmFront('own', { limits: { drainMs: 60_000 } })
  const waiting: ServerResponse[] = []
  front.origin.answers((request, response) => {
    request.resume()
    waiting.push(response)
  })
  return { front, waiting }
}

describe('an edge that stops', () => {
  test('says GOAWAY twice; what crosses the first is answered, what follows the second is not', async () => {
    const { front, waiting } = await slowFront()
    await using viewer = await viewerAt(front.port)
    await viewer.send(get(1, '/slow'))
    await expect.poll(() => waiting.length).toBe(1)

    const retired = front.house.retire()
    const ping = await viewer.until(
      () => viewer.frames.find(({ type, flags }) => type === TYPE.ping && flags === 0),
      'a PING',
    )
    expect(goaways(viewer)).toEqual([[LAST, 0]])
    await viewer.send(get(3, '/hit'), begun(5, '/slow'))
    await viewer.send(frame(TYPE.ping, FLAG.ack, 0, ping.payload))
    await viewer.until(() => (goaways(viewer).length > 1 ? true : undefined), 'the second GOAWAY')
    expect(goaways(viewer)).toEqual([
      [LAST, 0],
      [5, 0],
    ])
    await viewer.send(get(7, '/hit'), frame(TYPE.data, FLAG.endStream, 5, Buffer.from('x')))
    await viewer.ping()

    expect(await viewer.status(3)).toBe(200)
    await expect.poll(() => waiting.length).toBe(2)
    for (const response of waiting) response.end('late')
    await viewer.until(() => (viewer.hasEnded(1) && viewer.hasEnded(5)) || undefined, 'what was under way')
    await expect.poll(() => viewer.raw.closed).toBe(true)
    expect(viewer.frames.some(({ stream }) => stream === 7)).toBe(false)
    expect([viewer.body(1).toString(), viewer.body(5).toString()]).toEqual(['late', 'late'])
    await retired
    await front[Symbol.asyncDispose]()
  }, 60_000)

  test('passes over all of a request behind the second GOAWAY, and never says a later last stream', async () => {
    const { front, waiting } = await slowFront()
    await using viewer = await viewerAt(front.port)
    await viewer.send(get(1, '/slow'))
    await expect.poll(() => waiting.length).toBe(1)
    const retired = front.house.retire()
    const ping = await viewer.until(
      () => viewer.frames.find(({ type, flags }) => type === TYPE.ping && flags === 0),
      'a PING',
    )
    await viewer.send(frame(TYPE.ping, FLAG.ack, 0, ping.payload))
    await viewer.until(() => (goaways(viewer).length > 1 ? true : undefined), 'the second GOAWAY')

    // What crosses it on its way: with body and trailers, padded, its window opened, and cancelled.
    await viewer.send(
      begun(3, '/slow'),
      frame(TYPE.data, 0, 3, Buffer.from('half')),
      frame(TYPE.window, 0, 3, number32(10)),
      headers(3, ['x-trailer', '1']),
      begun(5, '/slow'),
      frame(TYPE.data, FLAG.endStream | FLAG.padded, 5, padded(Buffer.from('x'), 10)),
      begun(7, '/slow'),
      frame(TYPE.reset, 0, 7, number32(8)),
    )
    await viewer.ping()
    expect(viewer.frames.filter(({ stream }) => stream > 1)).toEqual([])
    for (const response of waiting) response.write('on its way')
    await viewer.until(() => (viewer.body(1).byteLength > 0 ? true : undefined), 'what was under way')
    await viewer.send(frame(TYPE.data, 0, 0))

    await expect.poll(() => viewer.raw.closed).toBe(true)
    expect(waiting.length).toBe(1)
    expect(goaways(viewer)).toEqual([
      [LAST, CODE.NO_ERROR],
      [1, CODE.NO_ERROR],
      [1, CODE.PROTOCOL_ERROR],
    ])
    await retired
    await front[Symbol.asyncDispose]()
  }, 60_000)

  test('doesn’t wait long for a viewer who answers no PING, nor for one who has nothing under way', async () => {
    const { front, waiting } = await slowFront()
    await using mute = await viewerAt(front.port)
    await using idle = await viewerAt(front.port)
    await mute.send(get(1, '/slow'))
    await expect.poll(() => waiting.length).toBe(1)

    const retired = front.house.retire()
    await expect.poll(() => goaways(mute).length).toBe(2)
    await expect.poll(() => idle.raw.closed).toBe(true)
    waiting[0]?.end('late')
    await mute.until(() => mute.hasEnded(1) || undefined, 'what was under way')

    await expect.poll(() => mute.raw.closed).toBe(true)
    expect(goaways(mute)).toEqual([
      [LAST, 0],
      [1, 0],
    ])
    await retired
    await front[Symbol.asyncDispose]()
  }, 60_000)
})

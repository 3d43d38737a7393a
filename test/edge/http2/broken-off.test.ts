import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { ownAnswer } from '../../../edge/distribution/respond.ts'
import { fewATurn } from '../../../edge/listen/few-a-turn.ts'
import type { TlsInternals } from '../../../edge/listen/tls/tls-internals.ts'
import type { ViewerRequest } from '../../../edge/viewer.ts'
import { CODE, frame, get, number32, SETTING, setting, TYPE } from '../http2-frames.ts'
import { bareHttp2 } from './bare.ts'
import { type Viewer, viewerAt } from './viewer.ts'

const STREAMS = 100
const ids = Array.from({ length: STREAMS }, (_, at) => 1 + 2 * at)
const all = (what: (id: number) => Buffer) => Buffer.concat(ids.map(what))

describe('the ends of requests that break off together are told a few at a turn of the loop', () => {
  const PER_TURN = 4

  const breaks: [how: string, breakOff: (viewer: Viewer) => unknown][] = [
    ['by their connection', ({ raw }) => raw.socket.destroy()],
    ['each by the viewer', ({ send }) => send(all((id) => frame(TYPE.reset, 0, id, number32(CODE.CANCEL))))],
    ['each by us', ({ send }) => send(all((id) => frame(TYPE.window, 0, id, number32(0))))],
    ['by what breaks the protocol', ({ send }) => send(frame(TYPE.settings, 0, 1))],
  ]

  test.each(breaks)('%s', async (_, breakOff) => {
    const gone: number[] = []
    let turns = 0
    const counting = async () => {
      for (; gone.length < STREAMS; turns += 1) await turn()
    }
    let begun = 0
    await using bare = await bareHttp2(
      ({ gone: signal }) => {
        begun += 1
        signal.addEventListener('abort', () => gone.push(turns))
        return undefined
      },
      { leaving: fewATurn(PER_TURN) },
    )
    await using viewer = await viewerAt(bare.port)
    await viewer.send(all((id) => get(id, `/${id}`)))
    await expect.poll(() => begun).toBe(STREAMS)

    const counted = counting()
    await breakOff(viewer)
    await counted

    // Between two of our turns there may be one of theirs, and what came in.
    const most = Math.max(...gone.map((one) => gone.filter((other) => other === one).length))
    expect(most).toBeLessThanOrEqual(2 * PER_TURN)
    await expect.poll(() => bare.ended.length).toBe(STREAMS)
    expect(bare.ended.map(({ target }) => target)).toEqual(ids.map((id) => `/${id}`))
  })
})

describe('a write that fails', () => {
  const WIDE = setting(SETTING.initialWindowSize, 2 ** 31 - 1)
  const window = frame(TYPE.window, 0, 0, number32(2 ** 30))
  const answerOf = ({ request }: ViewerRequest) =>
    request.target === '/large'
      ? { ...ownAnswer(200, ''), fields: [], body: Buffer.alloc(50_000_000) }
      : ownAnswer(200, 'small')

  /** Keeps how each write has ended. @param before a write */
  const keeping =
    (ends: unknown[], before: (socket: TLSSocket) => void) =>
    (own: TlsInternals): TlsInternals => ({
      ...own,
      write(socket, bytes, taken) {
        before(socket)
        own.write(socket, bytes, (error) => {
          ends.push(error ?? 'taken')
          taken(error)
        })
      },
    })

  test('while it is under way breaks off all of its connection, and no other', async () => {
    const ends: unknown[] = []
    await using bare = await bareHttp2(answerOf, { internals: keeping(ends, () => undefined) })
    const viewer = await viewerAt(bare.port, { settings: WIDE })
    await viewer.send(window, get(1, '/large'), get(3, '/large'))
    await viewer.until(() => viewer.body(1).byteLength > 0 || undefined, 'some of it')
    viewer.raw.socket.pause()
    for (let writes = -1; writes !== ends.length; await pause(100)) writes = ends.length

    // With bytes that nobody has read: the kernel resets the connection.
    viewer.raw.socket.destroy()

    await expect.poll(() => bare.ended.length).toBe(2)
    expect(bare.ended.map(({ isGone }) => isGone)).toEqual([true, true])
    expect(ends.filter((end) => end instanceof Error)).toHaveLength(1)
    expect(ends.at(-1)).toBeInstanceOf(Error)
    await using other = await viewerAt(bare.port)
    await other.send(get(1, '/small'))
    expect(await other.status(1)).toBe(200)
    await expect.poll(() => bare.ended[2]).toMatchObject({ target: '/small', isGone: false })
  })

  test('with the last of a response in it has that response told as broken off', async () => {
    const ends: unknown[] = []
    let isFailing = false
    const failing = keeping(ends, (socket) => {
      if (isFailing) socket.destroy()
    })
    const answer = (viewer: ViewerRequest) => {
      isFailing = true
      return answerOf(viewer)
    }
    await using bare = await bareHttp2(answer, { internals: failing })
    await using viewer = await viewerAt(bare.port)

    await viewer.send(get(1, '/small'))

    await expect.poll(() => bare.ended).toMatchObject([{ target: '/small', isGone: true }])
    expect(ends.at(-1)).toBeInstanceOf(Error)
    // Nothing is left of it that would have to end.
    await bare.http2.close()
  })
})

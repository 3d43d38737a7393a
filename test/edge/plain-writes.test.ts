import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { PlainWrites } from '../../edge/listen/plain-writes.ts'
import { HOST, houseInFrontOf } from './house.ts'
import { site } from './site.ts'

/** More than the kernel takes of a write while nobody reads. */
const LARGE = Buffer.alloc(16 * 1_048_576, 'l')

describe('what is written past a stream', () => {
  test('waits where nobody reads; what the stream is given meanwhile comes behind it, and an end last', async () => {
    await using pair = await pairOfSockets()
    const { ours, theirs } = pair
    const writes = new PlainWrites(ours)
    let told = 0

    expect(writes.write(Buffer.from('first '))).toBe(true)
    expect(writes.isClear).toBe(true)
    expect(writes.write(LARGE, () => told++)).toBe(true)
    expect(writes.isClear).toBe(false)
    expect(writes.write(Buffer.from('for the stream'))).toBe(false)
    ours.write(' behind')
    ours.end(' last')
    await turn()
    expect(told).toBe(0)

    const text = await textOf(theirs)
    expect(text.length).toBe(LARGE.byteLength + 'first  behind last'.length)
    expect([text.slice(0, 8), text.slice(-13)]).toEqual(['first ll', 'l behind last'])
    expect(told).toBe(1)
    expect(writes.isClear).toBe(true)
  })

  test('and is taken at once is told after the call, once', async () => {
    await using pair = await pairOfSockets()
    const told: unknown[] = []
    new PlainWrites(pair.ours).write(Buffer.from('all'), (error) => told.push(error))
    expect(told).toEqual([])
    await turn()
    expect(told).toEqual([undefined])
  })

  test.each(['reset', 'closed by us'])(
    'and can’t be sent is told of, and the connection is gone (%s)',
    async (how) => {
      await using pair = await pairOfSockets()
      const { ours, theirs } = pair
      const errors: (Error | null | undefined)[] = []
      const closed = new Promise((resolve) => ours.on('error', () => undefined).on('close', resolve))
      const writes = new PlainWrites(ours)
      writes.write(LARGE, (error) => errors.push(error))

      if (how === 'reset') theirs.resetAndDestroy()
      else ours.destroy()
      await closed
      await turn()
      writes.write(Buffer.from('more'), (error) => errors.push(error))
      await turn()

      expect(errors.map((error) => (error as NodeJS.ErrnoException).syscall)).toEqual(['write', 'write'])
      expect(ours.destroyed).toBe(true)
    },
  )
})

test('a response that ends its connection arrives whole, though it is read late', async () => {
  await using origin = await site()
  const body = 'large '.repeat(150_000)
  origin.answers((_, response) => response.writeHead(200, { 'cache-control': 'max-age=60' }).end(body))
  await using house = await houseInFrontOf(origin.url)
  await house.get('/large')

  const viewer = connect({ host: '127.0.0.1', port: house.port })
  viewer.pause()
  viewer.write(`GET /large HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`)
  await expect.poll(() => house.expressAnswers).toBe(1)
  const text = await textOf(viewer)

  expect(text.slice(text.indexOf('\r\n\r\n') + 4) === body).toBe(true)
  const records = await house.records(2)
  expect(records.map(({ bytesSent }) => Number(bytesSent) > body.length)).toEqual([true, true])
})

async function textOf(socket: Socket): Promise<string> {
  let text = ''
  for await (const bytes of socket) text += bytes
  return text
}

/** Two ends of a connection, neither of which is read yet. */
async function pairOfSockets(): Promise<AsyncDisposable & { ours: Socket; theirs: Socket }> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const theirs = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port })
  theirs.pause()
  const [ours] = (await once(server, 'connection')) as [Socket]
  return {
    ours,
    theirs,
    async [Symbol.asyncDispose]() {
      ours.destroy()
      theirs.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

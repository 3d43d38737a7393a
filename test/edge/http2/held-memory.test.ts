import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { RequestBody } from '../../../edge/listen/http2/request-body.ts'

test('parts of a request’s body that come together are given together, however small they are', async () => {
  let taken = 0
  const body = new RequestBody((bytes) => {
    taken += bytes
  })
  const given: Buffer[] = []
  body.on('data', (part: Buffer) => given.push(part))
  await turn()
  for (let part = 0; part < 1_000; part += 1) body.receive(Buffer.from(String(part % 10)))
  await turn()

  expect(given.length).toBeLessThan(10)
  expect(Buffer.concat(given).toString()).toBe('0123456789'.repeat(100))
  expect(taken).toBe(1_000)
})

test('a request’s body that nobody reads opens no window, however small its parts are', async () => {
  let taken = 0
  const body = new RequestBody((bytes) => {
    taken += bytes
  })
  // Somebody has read what there was, and now waits for something else.
  body.read()
  for (let part = 0; part < 5_000; part += 1) {
    body.receive(Buffer.from('x'))
    if (part % 50 === 0) await turn()
  }

  // The first part was waited for.
  expect(taken).toBeLessThanOrEqual(1)
  expect(body.readableLength).toBeLessThanOrEqual(1)

  let read = 0
  body.finish()
  for await (const part of body) read += part.byteLength
  expect(read).toBe(5_000)
  expect(taken).toBe(5_000)
})

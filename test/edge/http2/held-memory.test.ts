import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { RequestBody } from '../../../edge/listen/http2/request-body.ts'

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

import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { pipeTransport } from '../../thumbnailer/browser/pipe.ts'

const PART = Buffer.alloc(64_000_000, 'x')

test('a message longer than a string may be is left out, and those before and after it are read', async () => {
  const fromBrowser = new PassThrough()
  const transport = pipeTransport({ toBrowser: new PassThrough(), fromBrowser })
  const read: string[] = []
  transport.onmessage = (message) => read.push(message)

  fromBrowser.write('{"id":1}\0{"id"')
  fromBrowser.write(':2}\0{"params":"')
  // More than 512 MB, the most that V8 has in one string.
  for (let part = 0; part < 10; part += 1) fromBrowser.write(PART)
  fromBrowser.end('"}\0{"id":3}\0')

  await expect.poll(() => read, { timeout: 30_000 }).toEqual(['{"id":1}', '{"id":2}', '{"id":3}'])
})

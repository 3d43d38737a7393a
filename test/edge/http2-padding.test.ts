import { expect, test } from 'vitest'
import { HOST, houseInFrontOf } from './house.ts'
import { certificateFiles } from './http2-client.ts'
import { FLAG, frame, rawHttp2, section, TYPE } from './http2-frames.ts'
import { site } from './site.ts'

const PADDED = 8
const FRAMES = 80
const PADDING = 100
/** Where a window ends frames are short, and as much padded. */
const BYTES = [6_000, 100]

test('an upload whose frames are padded a little is no flood, however long', async () => {
  await using files = await certificateFiles()
  await using origin = await site()
  let received = 0
  origin.answers((request, response) => {
    request.on('data', (chunk: Buffer) => {
      received += chunk.byteLength
    })
    request.on('end', () => response.end())
  })
  const limits = { controlBytesPerSecond: 4_096 }
  await using house = await houseInFrontOf(origin.url, { tls: files.tls, http2: 'own', limits })
  const viewer = await rawHttp2(house.securePort)
  const head = [':method', 'POST', ':scheme', 'https', ':authority', HOST, ':path', '/upload']
  const padded = (bytes: number) =>
    Buffer.concat([Buffer.from([PADDING]), Buffer.alloc(bytes, 'x'), Buffer.alloc(PADDING)])

  viewer.send(frame(TYPE.headers, FLAG.endHeaders, 1, section(head)))
  for (let at = 1; at <= FRAMES; at += 1) {
    viewer.send(
      frame(TYPE.data, PADDED | (at === FRAMES ? FLAG.endStream : 0), 1, padded(BYTES[at % 2] ?? 0)),
    )
  }

  await expect.poll(() => received, { timeout: 20_000 }).toBe((FRAMES / 2) * 6_100)
  await expect.poll(() => viewer.frames.some(({ type }) => type === TYPE.headers)).toBe(true)
  expect(viewer.goaway).toBeUndefined()
  viewer.socket.destroy()
})

import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { CODE, get, rawHttp2 } from '../http2-frames.ts'
import { warmFront } from './fronts.ts'
import { viewerAt } from './viewer.ts'

test('who never acknowledges our settings loses the connection, and is counted; who does keeps it (§6.5.3)', async () => {
  await using front = await warmFront('own', { limits: { settingsMs: 1_000 } })
  await using good = await viewerAt(front.port)
  const mute = await rawHttp2(front.port)
  mute.send(get(1, '/hit'), get(3, '/pending'))

  await expect.poll(() => mute.closed, { timeout: 10_000 }).toBe(true)
  await pause(1_000)
  await good.send(get(1, '/hit'))

  expect(mute.goaway).toBe(CODE.SETTINGS_TIMEOUT)
  expect(front.house.broken).toBe(1)
  expect(await good.status(1)).toBe(200)
}, 30_000)

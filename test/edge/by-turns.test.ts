import type { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { byTurns } from '../../edge/listen/by-turns.ts'

test('each address has its turn, and one connection is served a turn of the loop', async () => {
  const served: string[] = []
  const serve = byTurns((socket) => void served.push(String(socket.remoteAddress)), 1)
  const from = (remoteAddress: string) => serve({ remoteAddress } as Socket)

  for (let count = 0; count < 5; count += 1) from('crowd')
  from('good')
  from('good')
  expect(served).toEqual([])
  await turn()
  expect(served).toEqual(['crowd'])
  await turn()
  expect(served).toEqual(['crowd', 'good'])
  from('late')
  while (served.length < 8) await turn()

  expect(served.slice(2)).toEqual(['crowd', 'good', 'late', 'crowd', 'crowd', 'crowd'])
})

test('where others make a turn long more are served at it, up to a limit', async () => {
  const served: Socket[] = []
  const serve = byTurns((socket) => void served.push(socket), 3)
  for (let count = 0; count < 10; count += 1) serve({ remoteAddress: 'crowd' } as Socket)

  const untilMs = performance.now() + 50
  while (performance.now() < untilMs);
  await turn()

  expect(served).toHaveLength(3)
})

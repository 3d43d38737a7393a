import type { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { byTurns } from '../../edge/listen/by-turns.ts'

test('a few connections a turn are served, and each address in its turn', async () => {
  const served: string[] = []
  const serve = byTurns((socket) => void served.push(String(socket.remoteAddress)), 2)
  const from = (remoteAddress: string) => serve({ remoteAddress } as Socket)

  for (let count = 0; count < 5; count += 1) from('crowd')
  from('good')
  from('good')
  expect(served).toEqual([])
  await turn()
  expect(served).toEqual(['crowd', 'good'])
  from('late')
  while (served.length < 8) await turn()

  expect(served.slice(2)).toEqual(['crowd', 'good', 'late', 'crowd', 'crowd', 'crowd'])
})

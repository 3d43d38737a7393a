import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { fewATurn } from '../../edge/listen/few-a-turn.ts'

test('little is done at once; of much a few pieces a turn, in the order they came', async () => {
  const done: number[] = []
  const inTurn = fewATurn(2)
  const piece = (number: number) => inTurn(() => void done.push(number))

  piece(1)
  expect(done).toEqual([1])
  for (const number of [2, 3, 4, 5]) piece(number)
  expect(done).toEqual([1, 2])
  await turn()
  piece(6)
  expect(done).toEqual([1, 2, 3, 4])
  await turn()
  await turn()

  expect(done).toEqual([1, 2, 3, 4, 5, 6])
})

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runCase, UNSEEN } from './case.ts'
import { CASES, isShort } from './cases.ts'
import { type WarmFront, warmFront } from './fronts.ts'
import { knownOfNode } from './known-of-node.ts'

describe.each(['own', 'node'] as const)('what an RFC says a server must do, by http2: %s,', (http2) => {
  let front: WarmFront

  beforeAll(async () => {
    front = await warmFront(http2)
  })

  afterAll(() => front[Symbol.asyncDispose]())

  const cases = http2 === 'node' ? CASES.filter((one) => knownOfNode(one) === undefined) : CASES

  test.each(cases)('$section $says', (one) => runCase(front.port, one))

  if (http2 === 'own') {
    // All of them: `npm run show:http2-conformance -- own bytes`.
    const sample = cases.filter(isShort).filter((_, at) => at % 3 === 0)

    test('a third of them all the same when every byte comes alone', async () => {
      for (const one of sample) {
        await runCase(front.port, one, { isByteByByte: true }).catch((error: Error) => {
          throw new Error(`${one.section} ${one.says}: ${error.message}`, { cause: error })
        })
      }
    })
  }

  test('nothing of all this got to the origin that may not, and no connection is left', async () => {
    await expect.poll(() => front.house.connections).toBe(0)
    // node:http2 leaves out fields that it doesn't like, and passes the rest on.
    if (http2 === 'own') expect(front.origin.requests.filter((asked) => asked.includes(UNSEEN))).toEqual([])
  })
})

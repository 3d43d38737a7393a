import { PassThrough } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { createByteBudget, SharedBody } from '../../edge/cache/fetch/shared-body.ts'

const CHUNK = Buffer.alloc(65_536, 'x')

/** Writes until the stream pushes back. @returns bytes written */
async function fill(source: PassThrough, bytesMax: number): Promise<number> {
  let bytes = 0
  while (bytes < bytesMax) {
    const more = source.write(CHUNK)
    bytes += CHUNK.length
    await new Promise((resolve) => setImmediate(resolve))
    if (!more && source.writableNeedDrain) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      if (source.writableNeedDrain) return bytes
    }
  }
  return bytes
}

describe('a body that arrives once', () => {
  test('is read whole by everybody, late ones and slow ones too, and is kept', async () => {
    const source = new PassThrough()
    const body = new SharedBody(source, { keptBytesMax: 1e6, budget: createByteBudget(1e6) })

    const early = buffer(body.read())
    source.write('first, ')
    const late = body.read()
    source.end('second')

    expect(String(await early)).toBe('first, second')
    expect(String(await body.whole)).toBe('first, second')
    expect(String(await buffer(late))).toBe('first, second')
  })

  test('is kept in memory of its own, so that what is dropped is free', async () => {
    const source = new PassThrough()
    const body = new SharedBody(source, { keptBytesMax: 1e6, budget: createByteBudget(1e6) })

    source.end('small')
    const whole = await body.whole

    expect(whole?.buffer.byteLength).toBe(5)
  })

  test('beyond the memory for arriving bodies waits for a reader who reads nothing', async () => {
    const source = new PassThrough()
    const body = new SharedBody(source, { keptBytesMax: 1e9, budget: createByteBudget(500_000) })
    const idle = body.read()

    const taken = await fill(source, 50_000_000)

    expect(taken).toBeLessThan(3_000_000)
    expect(body.joinable).toBe(false)
    idle.destroy()
    await expect(body.whole).resolves.toBeUndefined()
    expect(source.destroyed).toBe(true)
  })

  test('gives its memory back, so that the next one is kept again', async () => {
    const budget = createByteBudget(100_000)
    const keep = async () => {
      const source = new PassThrough()
      const body = new SharedBody(source, { keptBytesMax: 1e9, budget })
      source.end(Buffer.alloc(90_000))
      return (await body.whole)?.length
    }

    expect([await keep(), await keep()]).toEqual([90_000, 90_000])
  })
})

import { expect, test } from 'vitest'
import { Departure, signalOf } from '../../edge/cache/leaving.ts'

const WHY = new Error('gone')

test('tells each who listens, once, in order, and nobody who has stopped or comes later', () => {
  const departure = new Departure()
  const told: string[] = []
  const second = () => told.push('second')
  const third = () => told.push('third')
  departure.addEventListener('abort', () => {
    told.push(`first, for ${departure.reason.message}`)
    departure.removeEventListener('abort', third)
    departure.addEventListener('abort', () => told.push('too late'))
  })
  departure.addEventListener('abort', second)
  departure.addEventListener('abort', third)
  expect(departure.aborted).toBe(false)
  expect(() => departure.throwIfAborted()).not.toThrow()

  departure.abort(WHY)
  departure.abort(new Error('again'))
  departure.addEventListener('abort', second)

  expect(told).toEqual(['first, for gone', 'second'])
  expect(departure).toMatchObject({ aborted: true, reason: WHY })
  expect(() => departure.throwIfAborted()).toThrow(WHY)
})

test('is an AbortSignal for those who need one, before it happens and afterwards', () => {
  const departure = new Departure()
  const before = signalOf(departure)
  expect(before.aborted).toBe(false)

  departure.abort(WHY)

  for (const signal of [before, signalOf(departure)]) {
    expect(signal).toMatchObject({ aborted: true, reason: WHY })
  }
  const own = AbortSignal.abort(WHY)
  expect(signalOf(own)).toBe(own)
})

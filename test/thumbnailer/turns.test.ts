import { expect, test } from 'vitest'
import { createTurns, type TurnLimits } from '../../thumbnailer/turns.ts'

/** Work that goes on until it is let go, and notes when it begins. */
function world(but: Partial<TurnLimits> = {}) {
  const turns = createTurns({ concurrency: 1, waitingMax: 10, perSite: 1, ...but })
  const begun: string[] = []
  const ends: Record<string, () => void> = {}
  const want = (name: string, host = `${name}.example`, isUrgent = true) =>
    turns.take({ host, isUrgent }, () => {
      begun.push(name)
      return new Promise<string>((resolve) => {
        ends[name] = () => resolve(name)
      })
    })
  /** Ends the work, and lets the next begin. */
  const end = async (name: string) => {
    ends[name]?.()
    await new Promise(setImmediate)
  }
  return { turns, begun, want, end }
}

test('whom somebody waits for goes before pictures that are only made anew', async () => {
  const { begun, want, end } = world()
  void want('first')
  void want('refresh', 'refresh.example', false)
  void want('person')

  await end('first')
  await end('person')

  expect(begun).toEqual(['first', 'person', 'refresh'])
})

test('a site whose pages take all its turns leaves the others to other sites', async () => {
  const { begun, want, end } = world({ concurrency: 2 })
  void want('slow-1', 'a.slow.example')
  void want('slow-2', 'b.slow.example')
  void want('other')

  expect(begun).toEqual(['slow-1', 'other'])
  await end('slow-1')
  expect(begun).toEqual(['slow-1', 'other', 'slow-2'])
})

test('in a full queue a person takes the place of who can wait, and else is turned away', async () => {
  const { want } = world({ waitingMax: 1 })
  void want('first')
  const patient = want('patient', 'patient.example', false)
  const person = want('person')

  expect(await patient).toBeUndefined()
  expect(await want('one more')).toBeUndefined()
  void person
})

test('the end turns away who waits, and waits for who works', async () => {
  const { turns, want, end } = world()
  const working = want('working')
  const waiting = want('waiting')

  const closed = turns[Symbol.asyncDispose]()
  expect(await waiting).toBeUndefined()
  expect(await want('late')).toBeUndefined()
  await end('working')
  await closed

  expect(await working).toBe('working')
})

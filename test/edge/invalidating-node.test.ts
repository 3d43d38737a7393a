import { describe, expect, test } from 'vitest'
import { type HeldSnapshot, holdInvalidations } from '../../edge/cache/invalidation/held-invalidations.ts'
import { type Journal, memoryJournal } from '../../edge/cache/invalidation/journal.ts'
import { billedAs } from '../../edge/invalidation/billed.ts'
import { type KeptInvalidation, NO_PROCESSES, openNode } from '../../edge/invalidation/node.ts'
import type { Invalidation } from '../../edge/invalidation/request.ts'

const purge = (id: string, paths: string[]): Invalidation => ({
  id,
  distribution: 'docs',
  paths,
  tags: [],
  soft: false,
  issuedAtMs: 0,
})

const stored = (target: string, validAsOf = 0) => ({ group: 'docs', target, tags: [], validAsOf })

describe('a node', () => {
  test('applies each invalidation once, and answers again with its number', async () => {
    const node = openNode({ journal: memoryJournal(), held: holdInvalidations() })

    const [first, second, again] = [
      await node.apply(purge('I1', ['/a'])),
      await node.apply(purge('I2', ['/b'])),
      await node.apply(purge('I1', ['/a'])),
    ]

    expect([first, second, again].map(({ sequence }) => sequence)).toEqual([1, 2, 1])
    expect(node.applied).toBe(2)
  })

  test('brings nothing back after a restart that was invalidated before', async () => {
    const journal = memoryJournal<KeptInvalidation>()
    const before = openNode({ journal, held: holdInvalidations() })
    await before.apply(purge('I1', ['/a', '/news/*']))

    const after = openNode({ journal, held: holdInvalidations() })

    expect(after.held.verdictOn(stored('/news/1'))).toBe('gone')
    expect(after.held.verdictOn(stored('/b'))).toBe('valid')
    expect(after.recent.sequenceOf('I1')).toBe(1)
  })

  test('tells of each that it applies once, and after a restart of those that it remembers', async () => {
    const journal = memoryJournal<KeptInvalidation>()
    const told: string[] = []
    const onApplied = ({ id }: { id: string }) => told.push(id)
    const node = openNode({ journal, held: holdInvalidations(), onApplied })
    for (const id of ['I1', 'I2', 'I1']) await node.apply(purge(id, ['/a']))

    openNode({ journal, held: holdInvalidations(), onApplied })

    expect(told).toEqual(['I1', 'I2', 'I1', 'I2'])
  })

  test('is billed by the names that were asked for, under one id; what a node drops of its own accord is not', () => {
    const of = (difference: Partial<Invalidation>) =>
      billedAs({ ...purge('I7', ['/', '/index.html']), issuedAtMs: 1_000, ...difference }, 'cdg1', 2_000)

    expect(of({ names: 1 })).toMatchObject({ kind: 'invalidation', id: 'I7', timeMs: 1_000, quantity: 1 })
    expect(of({ id: 'I7.2', tags: ['a'] })).toMatchObject({ id: 'I7', quantity: 3 })
    expect(of({ onlyHere: true })).toBeUndefined()
    expect(of({ issuedAtMs: 2_000 - 8 * 86_400_000 })).toBeUndefined()
  })

  test('numbers reach processes in their order, however many are asked for at once', async () => {
    const told: number[] = []
    const processes = { ...NO_PROCESSES, tell: (sequence: number) => told.push(sequence) }
    const node = openNode({ journal: slow(memoryJournal()), held: holdInvalidations(), processes })

    await Promise.all(Array.from({ length: 20 }, (_, at) => node.apply(purge(`I${at}`, ['/a']))))

    expect(told).toEqual(Array.from({ length: 20 }, (_, at) => at + 1))
  })

  test('applies nothing that could not be recorded, and goes on', async () => {
    const journal = memoryJournal<KeptInvalidation>()
    let isFull = true
    const append = (record: KeptInvalidation) =>
      isFull ? Promise.reject(new Error('disk full')) : journal.append(record)
    const node = openNode({ journal: { ...journal, append }, held: holdInvalidations() })

    await expect(node.apply(purge('I1', ['/a']))).rejects.toThrow('disk full')
    expect(node.held.verdictOn(stored('/a'))).toBe('valid')
    isFull = false
    await node.apply(purge('I1', ['/a']))

    expect(node.held.verdictOn(stored('/a'))).toBe('gone')
  })

  test('with too many names folds the older half together, tells all processes, and the journal is short', async () => {
    const journal = memoryJournal<KeptInvalidation>()
    const told: HeldSnapshot[] = []
    const processes = { ...NO_PROCESSES, tellAll: (snapshot: HeldSnapshot) => told.push(snapshot) }
    const node = openNode({ journal, held: holdInvalidations(), processes })
    const namesOf = (batch: number) => Array.from({ length: 3_000 }, (_, at) => `/${batch}/${at}`)

    let newest = 0
    for (let batch = 0; batch < 40; batch += 1) {
      newest = (await node.apply(purge(`I${batch}`, namesOf(batch)))).sequence
    }
    await node.apply(purge('last', ['/last']))

    expect(told).toHaveLength(1)
    expect(node.held.names).toBeLessThan(100_000)
    expect([...journal.entries(0)].length).toBeLessThan(41)
    const restarted = openNode({ journal, held: holdInvalidations() })
    // Processes begin with the snapshot: asked again, it would be waited for in vain under a later number.
    expect(restarted.recent.sequenceOf('I1')).toBeLessThanOrEqual(told[0]?.newest ?? 0)
    for (const one of [node, restarted]) {
      expect(one.held.verdictOn(stored('/0/0'))).toBe('gone')
      expect(one.held.verdictOn(stored('/39/0', newest - 1))).toBe('gone')
      expect(one.held.verdictOn(stored('/39/0', newest))).toBe('valid')
      // Stored after the older half: what was folded doesn't touch it.
      expect(one.held.verdictOn(stored('/never-named', newest - 1))).toBe('valid')
    }
  })
})

/** A journal whose appends take turns of the event loop. */
function slow(journal: Journal<KeptInvalidation>): Journal<KeptInvalidation> {
  return {
    ...journal,
    async append(record) {
      await new Promise(setImmediate)
      return journal.append(record)
    },
  }
}

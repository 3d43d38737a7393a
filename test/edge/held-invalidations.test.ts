import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type HeldInvalidations,
  holdInvalidations,
  type Named,
} from '../../edge/cache/invalidation/held-invalidations.ts'
import type { Subject, Verdict } from '../../edge/cache/invalidation/invalidations.ts'

const CASES = 3_000

/** What the rules say, read off one invalidation after the other. */
function verdictOfList(issued: readonly Named[], { group, target, tags, validAsOf }: Subject): Verdict {
  const [path] = target.split('?')
  const hit = issued
    .filter((_, at) => at + 1 > validAsOf)
    .filter((one) => one.group === group)
    .filter(
      (one) =>
        one.tags.some((tag) => tags.includes(tag)) ||
        one.paths.some((item) =>
          item.endsWith('*') ? target.startsWith(item.slice(0, -1)) : item === target || item === path,
        ),
    )
  if (hit.some(({ soft }) => !soft)) return 'gone'
  return hit.length > 0 ? 'stale' : 'valid'
}

const WEIGHT: Record<Verdict, number> = { valid: 0, stale: 1, gone: 2 }

// Few letters and short words, so that names and targets meet often.
const group = fc.constantFrom('docs', 'shop')
const target = fc.stringMatching(/^\/[ab/]{0,3}(\?[ab]{0,2})?$/)
const path = fc.tuple(target, fc.boolean()).map(([text, isOpen]) => (isOpen ? `${text}*` : text))
const tag = fc.constantFrom('red', 'green', 'blue')
const named: fc.Arbitrary<Named> = fc.record({
  group,
  paths: fc.array(path, { maxLength: 3 }),
  tags: fc.array(tag, { maxLength: 2 }),
  soft: fc.boolean(),
})
const subject: fc.Arbitrary<Subject> = fc.record({
  group,
  target,
  tags: fc.uniqueArray(tag),
  validAsOf: fc.nat(12),
})

function holding(issued: readonly Named[]): HeldInvalidations {
  const held = holdInvalidations()
  for (const [at, one] of issued.entries()) held.add(at + 1, one)
  return held
}

describe('what is held of invalidations', () => {
  test('gives the verdict that a look through the whole list gives', () => {
    fc.assert(
      fc.property(fc.array(named, { maxLength: 12 }), subject, (issued, stored) => {
        expect(holding(issued).verdictOn({ ...stored })).toBe(verdictOfList(issued, stored))
      }),
      { numRuns: CASES },
    )
  })

  test('gives the same verdicts after it was sent to another process', () => {
    fc.assert(
      fc.property(fc.array(named, { maxLength: 12 }), subject, (issued, stored) => {
        const copy = holdInvalidations()
        copy.replace(JSON.parse(JSON.stringify(holding(issued).snapshot())))

        expect(copy.verdictOn({ ...stored })).toBe(verdictOfList(issued, stored))
        expect(copy.newest).toBe(issued.length)
      }),
      { numRuns: CASES },
    )
  })

  test('folded, it invalidates no less than before and takes less room', () => {
    fc.assert(
      fc.property(fc.array(named, { maxLength: 12 }), subject, (issued, stored) => {
        const held = holding(issued)
        const before = held.names
        held.fold()

        const verdict = held.verdictOn({ ...stored })
        expect(WEIGHT[verdict]).toBeGreaterThanOrEqual(WEIGHT[verdictOfList(issued, stored)])
        // Two distributions: at worst each has a name for everything beside the newer half.
        expect(held.names).toBeLessThanOrEqual(Math.floor(before / 2) + 2)
      }),
      { numRuns: CASES },
    )
  })

  test('a response is weighed once: then it is known to have outlived all', () => {
    const held = holding([
      { group: 'docs', paths: ['/a'], tags: [], soft: false },
      { group: 'docs', paths: [], tags: ['red'], soft: false },
    ])
    const stored = { group: 'docs', target: '/b', tags: [], validAsOf: 0 }

    expect(held.verdictOn(stored)).toBe('valid')
    expect(stored.validAsOf).toBe(2)
  })

  test('a response stored by a process that knows more is not set back', () => {
    const held = holding([{ group: 'docs', paths: ['/*'], tags: [], soft: false }])
    const stored = { group: 'docs', target: '/b', tags: [], validAsOf: 9 }

    expect(held.verdictOn(stored)).toBe('valid')
    expect(stored.validAsOf).toBe(9)
  })

  test('the same name again takes no room', () => {
    const held = holdInvalidations()
    for (let at = 1; at <= 1_000; at += 1) {
      held.add(at, { group: 'docs', paths: ['/news/*', '/'], tags: ['home'], soft: at % 2 === 0 })
    }

    expect(held.names).toBe(3)
  })
})

import { describe, expect, test } from 'vitest'
import { judge, passedInEither, type RawResults, scores, withDependencies } from './verdict.ts'

const suite = {
  id: 'suite',
  name: 'A suite',
  tests: [
    { id: 'base', name: 'what all build on', requests: [] },
    { id: 'built', name: 'built on it', kind: 'optimal' as const, depends_on: ['base'], requests: [] },
    {
      id: 'twice-built',
      name: 'built on that',
      kind: 'optimal' as const,
      depends_on: ['built'],
      requests: [],
    },
    { id: 'asked', name: 'a question', kind: 'check' as const, requests: [] },
  ],
}

describe('the verdict on a run of the suite', () => {
  test('a test that passed on ground that did not hold has not passed', () => {
    const judged = judge([suite], {
      base: ['Assertion', 'Response 2 comes from cache'],
      built: true,
      'twice-built': true,
      asked: ['Setup', 'Response 1 status is 502, not 200'],
    })

    expect(judged.map(({ verdict }) => verdict)).toEqual(['fail', 'dependency', 'dependency', 'setup'])
    expect(scores(judged)).toEqual({
      required: { passed: 0, all: 1 },
      optimal: { passed: 0, all: 2 },
      check: { passed: 0, all: 1 },
    })
  })

  test('a test without a result has not passed', () => {
    const judged = judge([suite], { base: true, built: true, asked: true })

    expect(judged.map(({ verdict }) => verdict)).toEqual(['pass', 'pass', 'untested', 'pass'])
    expect(scores(judged).optimal).toEqual({ passed: 1, all: 2 })
  })

  test('what passed when asked again has passed, and nothing that passed is lost', () => {
    const first: RawResults = { base: true, built: ['Setup', 'Age is "26"'], asked: ['Assertion', 'no'] }
    const second: RawResults = { base: ['Setup', 'Age is "26"'], built: true, asked: ['Assertion', 'no'] }

    expect(passedInEither(first, second)).toEqual({ base: true, built: true, asked: ['Assertion', 'no'] })
  })

  test('a test is asked again together with all that it builds on', () => {
    expect(withDependencies([suite], ['twice-built']).sort()).toEqual(['base', 'built', 'twice-built'])
  })
})

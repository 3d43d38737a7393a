import type { Kind, Suite, SuiteTest } from './suite.ts'

/** What the suite's client says of one test: passed, or the error's name and message. */
export type RawResult = true | [name: string, message: string]

/** Raw results by test id. */
export type RawResults = Readonly<Record<string, RawResult>>

/**
 * A test's verdict, in the suite's own terms (its `lib/display.mjs`).
 *
 * - `dependency`: a test that this one builds on did not pass
 * - `setup`: what leads up to the question went wrong, so that it was never asked
 */
export type Verdict = 'pass' | 'fail' | 'setup' | 'dependency' | 'untested'

/** One test with its verdict, and what the client said when it isn't `pass`. */
export interface Judged {
  test: SuiteTest
  kind: Kind
  verdict: Verdict
  message: string
}

/** How many tests of a kind there are, and how many passed. */
export interface Score {
  passed: number
  all: number
}

/** Judges every test of the suites. */
export function judge(suites: readonly Suite[], results: RawResults): Judged[] {
  const tests = suites.flatMap((suite) => suite.tests)
  const byId = new Map(tests.map((test) => [test.id, test]))
  return tests.map((test) => {
    const result = results[test.id]
    return {
      test,
      kind: test.kind ?? 'required',
      verdict: verdictOf(test, byId, results),
      message: Array.isArray(result) ? result[1] : '',
    }
  })
}

/** The results of two runs of which the second may have asked only some of the tests: what passed once has passed. */
export function passedInEither(first: RawResults, second: RawResults): RawResults {
  const passed = Object.entries(second).filter(([, result]) => result === true)
  return { ...first, ...Object.fromEntries(passed) }
}

/** These tests and all that they build on, each once. */
export function withDependencies(suites: readonly Suite[], ids: readonly string[]): string[] {
  const byId = new Map(suites.flatMap((suite) => suite.tests).map((test) => [test.id, test]))
  const found = new Set(ids)
  // A Set's iteration goes on over what is added to it meanwhile.
  for (const id of found) for (const needed of byId.get(id)?.depends_on ?? []) found.add(needed)
  return [...found]
}

/** The score of each kind. Whatever did not pass counts against it, whyever it didn't. */
export function scores(judged: readonly Judged[]): Record<Kind, Score> {
  const of = (kind: Kind): Score => {
    const ofKind = judged.filter((one) => one.kind === kind)
    return { passed: ofKind.filter(({ verdict }) => verdict === 'pass').length, all: ofKind.length }
  }
  return { required: of('required'), optimal: of('optimal'), check: of('check') }
}

function verdictOf(test: SuiteTest, byId: ReadonlyMap<string, SuiteTest>, results: RawResults): Verdict {
  const result = results[test.id]
  if (result === undefined) return 'untested'
  const needed = (test.depends_on ?? []).map((id) => byId.get(id))
  if (needed.some((one) => one === undefined || verdictOf(one, byId, results) !== 'pass')) return 'dependency'
  if (result === true) return 'pass'
  return result[0] === 'Setup' ? 'setup' : 'fail'
}

import suites from 'http-cache-tests/tests/index.mjs'
import surrogateControl from 'http-cache-tests/tests/surrogate-control.mjs'

/** What a test's result is worth: a requirement of HTTP, a good cache's efficiency, or a mere question. */
export type Kind = 'required' | 'optimal' | 'check'

/** One test of the suite, as far as the run needs to know it. */
export interface SuiteTest {
  id: string
  name: string
  /** `required` when left out. */
  kind?: Kind
  /** Tests without whose passing this one's result means nothing. */
  depends_on?: string[]
  /** Only for caches inside a browser. */
  browser_only?: true
  requests: { request_method?: string }[]
}

/** Tests on one subject. */
export interface Suite {
  id: string
  name: string
  tests: SuiteTest[]
}

/**
 * All tests that the suite's own command line runs against a proxy: its index and, as there,
 * `Surrogate-Control`. Those marked `browser_only` are left out, which is how the suite itself decides
 * what applies (its `client/runner.mjs`); it has no other mark that excludes a reverse proxy.
 */
export const SUITES: readonly Suite[] = [...(suites as Suite[]), surrogateControl as Suite].map((suite) => ({
  ...suite,
  tests: suite.tests.filter(({ browser_only }) => !browser_only),
}))

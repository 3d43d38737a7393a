import robotsParser from 'robots-parser'
import { AGENT_NAME, type Answer, type EdgeClient } from './edge-client.ts'

/** What a site lets programs read (RFC 9309). */
export interface Robots {
  /**
   * `false` too where the site fails to say (§2.3.1.4): then nothing may be read.
   *
   * @throws whatever a connection can end with
   */
  mayRead(url: URL): Promise<boolean>
}

/** §2.5 */
const BYTES_MAX = 512_000

/** §2.3.1.2 */
const REDIRECTS_MAX = 5

/** Its types describe an ES module, and it is a CommonJS one: the function is what is imported. */
const parserOf = robotsParser as unknown as typeof robotsParser.default

/** Reads each origin's robots.txt once, through the edge: for one look at one site. */
export function readRobots(edge: EdgeClient): Robots {
  const known = new Map<string, Promise<Answer | undefined>>()

  async function fileOf(origin: string): Promise<Answer | undefined> {
    let url = new URL('/robots.txt', origin)
    for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects += 1) {
      const answer = await edge.get(url, 'text/plain', BYTES_MAX)
      const to = answer.status >= 300 && answer.status < 400 ? URL.parse(answer.location, url) : null
      if (to === null || !/^https?:$/.test(to.protocol)) return answer
      url = to
    }
    return undefined // led astray for too long: as if there were none
  }

  return {
    async mayRead(url) {
      const asked = known.get(url.origin) ?? fileOf(url.origin)
      known.set(url.origin, asked)
      const file = await asked
      if (file === undefined) return true
      if (file.status >= 500 || file.status === 429) return false
      // §2.3.1.3: a site that has no such file forbids nothing.
      if (file.status >= 300) return true
      const rules = parserOf(`${url.origin}/robots.txt`, file.body.toString('utf8'))
      return rules.isAllowed(url.href, AGENT_NAME) ?? true
    },
  }
}

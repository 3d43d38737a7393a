import { UpstreamError } from '../edge/cache/fetch/upstream-error.ts'
import { discardBody } from '../edge/cache/message.ts'
import type { OriginGroup } from './distribution-schema.ts'
import type { Origin } from './origin/origin.ts'

/** Methods that another member may be asked with too, as with CloudFront: nothing is done twice. */
const FAILS_OVER: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Several origins as one: each request tries them in their order until one answers with a status that is
 * no reason to go on. A connection that failed and a timeout are always one. What the last says is the answer.
 */
export function originGroup(
  { id, members, failoverCriteria }: OriginGroup,
  origins: ReadonlyMap<string, Origin>,
): Origin {
  const group = members.flatMap((member) => origins.get(member) ?? [])
  const [primary] = group
  if (primary === undefined) throw new Error(`origin group ${id} has no members`)
  const goesOn: ReadonlySet<number> = new Set(failoverCriteria.statusCodes)

  const fetch: Origin['fetch'] = async (request, signal) => {
    if (!FAILS_OVER.has(request.method) || request.body !== undefined) return primary.fetch(request, signal)
    for (const origin of group.slice(0, -1)) {
      try {
        const response = await origin.fetch(request, signal)
        if (!goesOn.has(response.status)) return response
        discardBody(response)
      } catch (error) {
        if (signal.aborted || !(error instanceof UpstreamError)) throw error
      }
    }
    return (group.at(-1) as Origin).fetch(request, signal)
  }

  return {
    name: `origin group ${id}`,
    fetch,
    ...(primary.upgradeUrl && { upgradeUrl: primary.upgradeUrl }),
    problem: async () => undefined,
    // Its members are closed by who opened them.
    async [Symbol.asyncDispose]() {},
  }
}

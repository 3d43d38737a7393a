const KINDS = {
  cachePolicy: 'cachePolicies',
  originRequestPolicy: 'originRequestPolicies',
  responseHeadersPolicy: 'responseHeadersPolicies',
} as const

/**
 * The file with the names of its own policies replaced by the policies: from here on a behaviour names a
 * managed policy or has one. What is not as it should be stays as it is, for the schema to complain about.
 */
export function withOwnPolicies(file: unknown): unknown {
  if (!isRecord(file) || !Array.isArray(file.distributions)) return file
  const own = new Map(Object.values(KINDS).map((list) => [list as string, namedIn(file[list])]))
  const policyOf = (kind: keyof typeof KINDS, given: unknown) =>
    (typeof given === 'string' && own.get(KINDS[kind])?.get(given)) || given
  const resolved = (behavior: unknown) => {
    if (!isRecord(behavior)) return behavior
    const entries = Object.entries(behavior).map(([field, value]) => [
      field,
      field in KINDS ? policyOf(field as keyof typeof KINDS, value) : value,
    ])
    return Object.fromEntries(entries)
  }
  return {
    ...file,
    distributions: file.distributions.map((distribution) => {
      if (!isRecord(distribution)) return distribution
      const { defaultCacheBehavior, cacheBehaviors } = distribution
      return {
        ...distribution,
        ...(defaultCacheBehavior !== undefined && { defaultCacheBehavior: resolved(defaultCacheBehavior) }),
        ...(Array.isArray(cacheBehaviors) && { cacheBehaviors: cacheBehaviors.map(resolved) }),
      }
    }),
  }
}

function namedIn(list: unknown): Map<string, unknown> {
  const policies = Array.isArray(list) ? list.filter(isRecord) : []
  return new Map(policies.map((policy) => [String(policy.name), policy]))
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

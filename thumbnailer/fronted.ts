/** Whether a host name (lower case, without port) is one of a fronted site. */
export type IsFronted = (host: string) => boolean

/**
 * Reads the aliases of all distributions: exact names, `*.example.com` (any name below, however
 * deep), or `*` for every name. Addresses in brackets are never names.
 */
export function frontedBy(aliases: readonly string[]): IsFronted {
  const exact = new Set(aliases)
  const suffixes = aliases.filter((alias) => alias.startsWith('*.')).map((alias) => alias.slice(1))
  const everyName = exact.has('*')
  return (host) =>
    /^[a-z0-9_-][a-z0-9._-]*$/.test(host) &&
    (everyName || exact.has(host) || suffixes.some((suffix) => host.endsWith(suffix)))
}

/**
 * Which hosts are rendered: those of fronted sites, and by the `allow` setting others beside them.
 *
 * @param isFronted of the same settings
 */
export function allowedBy(
  isFronted: IsFronted,
  { allow, listed }: { allow: 'fronted' | 'listed' | 'any'; listed: readonly string[] },
): IsFronted {
  if (allow === 'any') return (host) => host !== ''
  const isListed = frontedBy(allow === 'listed' ? listed : [])
  return (host) => isFronted(host) || isListed(host)
}

import type { FrontedDistribution } from '../settings.ts'

/** The distribution that answers to a host, as an edge finds it: by the whole name, then the longest wildcard. */
export function fronting(
  host: string,
  distributions: readonly FrontedDistribution[],
): FrontedDistribution | undefined {
  const names = [host]
  for (let dot = host.indexOf('.'); dot !== -1; dot = host.indexOf('.', dot + 1))
    names.push(`*${host.slice(dot)}`)
  names.push('*')
  for (const name of names) {
    const found = distributions.find(({ aliases }) => aliases.includes(name))
    if (found !== undefined) return found
  }
  return undefined
}

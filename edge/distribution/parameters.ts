/** Which names of a kind (query parameters, cookies) a policy takes. */
export type Taken = 'none' | 'all' | ((name: string) => boolean)

/** What a policy says of one kind, as CloudFront words it. */
export interface Choice {
  behavior: 'none' | 'whitelist' | 'allExcept' | 'all'
  names: readonly string[]
}

/** Which names several policies take together. A name taken by one is taken, whatever another leaves out. */
export function takenBy(choices: readonly Choice[]): Taken {
  const taken = choices.map(takenByOne).filter((one) => one !== 'none')
  const [first = 'none'] = taken
  if (taken.includes('all')) return 'all'
  if (taken.length < 2) return first
  return (name) => taken.some((one) => typeof one === 'function' && one(name))
}

function takenByOne({ behavior, names }: Choice): Taken {
  switch (behavior) {
    case 'none':
    case 'all':
      return behavior
    case 'whitelist': {
      const listed = new Set(names)
      return listed.size === 0 ? 'none' : (name) => listed.has(name)
    }
    case 'allExcept': {
      const listed = new Set(names)
      return (name) => !listed.has(name)
    }
  }
}

/**
 * The parameters of a query that are taken, in the one order that keys and origins see: by name, and those
 * of one name as they came, for that order means something. Empty ones are dropped.
 *
 * @param query without `?`
 */
export function takenQuery(query: string, taken: Taken): string {
  if (query === '' || taken === 'none') return ''
  const pairs = query.split('&').filter((pair) => pair !== '')
  return inOrder(pairs, (pair) => decodedName(nameOf(pair)), taken).join('&')
}

/** The cookies of a `Cookie` field that are taken, by the same rule (RFC 6265 §4.2.1). */
export function takenCookies(cookies: string, taken: Taken): string {
  if (cookies === '' || taken === 'none') return ''
  const pairs = cookies
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '')
  return inOrder(pairs, (pair) => nameOf(pair).trim(), taken).join('; ')
}

function inOrder(pairs: readonly string[], name: (pair: string) => string, taken: Taken): string[] {
  const named = pairs.map((pair) => ({ name: name(pair), pair }))
  const kept = typeof taken === 'function' ? named.filter((one) => taken(one.name)) : named
  // By code units: the same on every machine, whatever its language.
  kept.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  return kept.map(({ pair }) => pair)
}

function nameOf(pair: string): string {
  const equals = pair.indexOf('=')
  return equals === -1 ? pair : pair.slice(0, equals)
}

/** The name as an origin reads it; as it came where that is no UTF-8. */
function decodedName(name: string): string {
  if (!/[%+]/.test(name)) return name
  try {
    return decodeURIComponent(name.replaceAll('+', ' '))
  } catch {
    return name
  }
}

import { emailIn, plainText, webAddressIn } from './plain-text.ts'

/** Who is behind a site, as schema.org's `Organization` has it; '' for what isn't said. */
export interface Organization {
  name: string
  email: string
  phone: string
  url: string
  street: string
  city: string
  region: string
  postalCode: string
  country: string
}

/** Types that are organizations without saying so in their name; a person may have a site as well. */
const KINDS = /(organization|business|store|corporation|ngo|restaurant|hotel|library|university|person)$/i

/** Where one stands within another thing. */
const PLACES = ['@graph', 'publisher', 'author', 'sourceOrganization', 'copyrightHolder', 'mainEntity']

/** Things that are looked at. */
const THINGS_MAX = 200

const LENGTH_MAX = 200

type Thing = Readonly<Record<string, unknown>>

/**
 * The first organization in a page's JSON-LD, or else the first person. What is no JSON says nothing.
 *
 * @param page its address, for what links mean
 */
export function organizationIn(linkedData: readonly string[], page: string): Organization | undefined {
  const found = linkedData
    .flatMap((json) => thingsIn(parsed(json)))
    .filter((thing) => KINDS.test(kindOf(thing)))
  const best = found.find((thing) => kindOf(thing) !== 'Person') ?? found[0]
  return best === undefined ? undefined : organizationOf(best, page)
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined // whoever wrote it can't be asked
  }
}

/** Breadth first, so that what a page is about comes before what it mentions. */
function thingsIn(root: unknown): Thing[] {
  const queue: unknown[] = [root]
  const things: Thing[] = []
  for (let at = 0; at < queue.length && at < THINGS_MAX; at += 1) {
    const one = queue[at]
    if (Array.isArray(one)) queue.push(...one.slice(0, THINGS_MAX))
    else if (isThing(one)) {
      things.push(one)
      queue.push(...PLACES.flatMap((place) => one[place] ?? []))
    }
  }
  return things
}

function organizationOf(thing: Thing, page: string): Organization {
  const contacts = [thing, ...listOf(thing.contactPoint)]
  const [address] = listOf(thing.address)
  const isInParts = isThing(address)
  const part = (name: string) => (isInParts ? textOf(address[name]) : '')
  return {
    name: textOf(thing.name) || textOf(thing.legalName),
    email: firstOf(contacts, (one) => emailIn(textOf(one.email))),
    phone: firstOf(contacts, (one) => textOf(one.telephone)),
    url: webAddressIn(textOf(thing.url) || 'about:', page),
    street: isInParts ? part('streetAddress') : textOf(address),
    city: part('addressLocality'),
    region: part('addressRegion'),
    postalCode: part('postalCode'),
    country: part('addressCountry'),
  }
}

function firstOf(of: readonly unknown[], text: (thing: Thing) => string): string {
  for (const one of of) {
    const found = isThing(one) ? text(one) : ''
    if (found !== '') return found
  }
  return ''
}

function isThing(value: unknown): value is Thing {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function listOf(value: unknown): unknown[] {
  return [value ?? []].flat().slice(0, THINGS_MAX)
}

function kindOf(thing: Thing): string {
  const [kind] = listOf(thing['@type'])
  return typeof kind === 'string' ? kind.replace(/^https?:\/\/schema\.org\//, '') : ''
}

/** Text, the first of several, or the name of a thing. */
function textOf(value: unknown): string {
  const [first] = listOf(value)
  if (typeof first === 'string') return plainText(first, LENGTH_MAX)
  return isThing(first) && typeof first.name === 'string' ? plainText(first.name, LENGTH_MAX) : ''
}

/** A content coding that we can make (RFC 9110 §8.4.1: `gzip`; RFC 7932: `br`; RFC 8878, 9659: `zstd`). */
export type Coding = 'br' | 'zstd' | 'gzip'

/**
 * All of them, the one we would rather give first: Brotli, as CloudFront does. Measured on HTML, CSS,
 * JavaScript and JSON at the levels of `encoders.ts`, its bodies are 2 to 8 % smaller than Zstandard's, and
 * those up to 13 % smaller than gzip's.
 */
export const CODINGS: readonly Coding[] = ['br', 'zstd', 'gzip']

/** How much a viewer wants each form, from 0 (not acceptable) to 1 (RFC 9110 §12.4.2). */
export type Acceptance = Readonly<Record<Coding, number>> & {
  /** `undefined` when nothing was said of it: acceptable, and the last choice. */
  readonly identity: number | undefined
}

/**
 * Reads `Accept-Encoding` (RFC 9110 §12.5.3). `*` stands for every form that isn't named; `x-gzip` is
 * `gzip` (§8.4.1.3); of a form named twice the first counts; a member whose weight can't be read counts
 * as not sent. Without the field any coding would be acceptable, yet whoever doesn't ask gets none.
 */
export function acceptanceOf(value: string | undefined): Acceptance {
  const weights = weightsOf(value ?? 'identity')
  const others = weights.get('*')
  const weightOf = (coding: Coding) => weights.get(coding) ?? others ?? 0
  return {
    br: weightOf('br'),
    zstd: weightOf('zstd'),
    gzip: weightOf('gzip'),
    identity: weights.get('identity') ?? others,
  }
}

/**
 * The coding to give a viewer, or `undefined` for none: the weightiest of those that may be used, and of
 * equals the first of `CODINGS`, unless the viewer would rather have the body as it is.
 */
export function codingFor(acceptance: Acceptance, usable: readonly Coding[]): Coding | undefined {
  let best: Coding | undefined
  for (const coding of CODINGS) {
    if (!usable.includes(coding) || acceptance[coding] === 0) continue
    if (best === undefined || acceptance[coding] > acceptance[best]) best = coding
  }
  if (best === undefined || acceptance[best] < (acceptance.identity ?? 0)) return undefined
  return best
}

/**
 * `Accept-Encoding` as it goes on to the origin: the codings we know of those that the viewer takes, always
 * in one order, so that an origin that varies by the field makes a handful of responses and not one for each
 * browser. A form with `q=0` is left out, and `identity;q=0` is kept, since an origin may not send what is
 * excluded; other weights are dropped, for all that is listed is acceptable. A viewer that takes none of
 * them asks for `identity`; one that didn't send the field still doesn't.
 *
 * @param usable codings that may be asked for at all
 */
export function canonicalAcceptEncoding(
  value: string | undefined,
  usable: readonly Coding[] = CODINGS,
): string | undefined {
  if (value === undefined) return undefined
  const acceptance = memoisedAcceptance(value)
  const wanted: string[] = CODINGS.filter((coding) => usable.includes(coding) && acceptance[coding] > 0)
  if (acceptance.identity === 0) wanted.push('identity;q=0')
  return wanted.length === 0 ? 'identity' : wanted.join(', ')
}

/** Browsers send a handful of values; whoever makes them up must not fill memory. */
const MEMORY_VALUES_MAX = 256
const MEMORY_CHARACTERS_MAX = 128
const remembered = new Map<string, Acceptance>()

/** As `acceptanceOf`, for the way of a hit: a value that was read before costs one look-up. */
export function memoisedAcceptance(value: string | undefined): Acceptance {
  const key = value ?? 'identity'
  const known = remembered.get(key)
  if (known !== undefined) return known
  const acceptance = acceptanceOf(value)
  if (key.length > MEMORY_CHARACTERS_MAX) return acceptance
  if (remembered.size >= MEMORY_VALUES_MAX) remembered.clear()
  remembered.set(key, acceptance)
  return acceptance
}

/** A list's member: a form and, maybe, its weight; whatever else stands there can't be read. */
const MEMBER = /^([!#$%&'*+\-.^_`|~0-9a-z]+)(?:\s*;\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?$/

function weightsOf(value: string): Map<string, number> {
  const weights = new Map<string, number>()
  for (const member of value.toLowerCase().split(',')) {
    const [, form, weight] = MEMBER.exec(member.trim()) ?? []
    if (form === undefined) continue
    const name = form === 'x-gzip' ? 'gzip' : form
    if (!weights.has(name)) weights.set(name, weight === undefined ? 1 : Number(weight))
  }
  return weights
}

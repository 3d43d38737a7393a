import { z } from 'zod'

/** What a stranger's page says, made harmless to show: text of one line and of bounded length. */

/**
 * What has no shape of its own: marks that turn the direction of what follows (in our page, too), soft hyphens,
 * tags. Joiners stay: Persian and emoji are written with them.
 */
const SHAPELESS = /[\p{Cf}--[\u200c\u200d]]|[\p{Co}\p{Cs}]/gv

/** More marks on one letter than any language has are drawn over the lines above and below. */
const PILED_MARKS = /(\p{M}{4})\p{M}+/gu

/** @param lengthMax UTF-16 units; what is longer ends with `…` */
export function plainText(text: string, lengthMax: number): string {
  // Far more than is kept, and little enough to look at often.
  const one = text
    .slice(0, 8 * lengthMax)
    .toWellFormed()
    .replace(SHAPELESS, '')
    .replace(PILED_MARKS, '$1')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
  if (one.length <= lengthMax) return one
  return `${one
    .slice(0, lengthMax - 1)
    .replace(/[\ud800-\udbff]$/, '')
    .trimEnd()}…`
}

const email = z.email().max(254)

/** An address of e-mail, as in `mailto:` or alone; '' for what is none. */
export function emailIn(text: string): string {
  const [address = ''] = text
    .trim()
    .replace(/^mailto:/i, '')
    .split('?')
  return email.safeParse(decoded(address)).data ?? ''
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const URL_LENGTH_MAX = 2_048

/** A web address that may be linked to, seen from a page; '' for any other, as `javascript:`. */
export function webAddressIn(text: string, page: string): string {
  const url = URL.parse(text.trim(), page)
  const isWeb = url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === ''
  return isWeb && url.href.length <= URL_LENGTH_MAX ? url.href : ''
}

import { domainToUnicode } from 'node:url'

/** Scripts that are written together: Japanese, Korean and Chinese names have Latin letters among their own. */
const WITH_LATIN = ['Latin', 'Han', 'Hiragana', 'Katakana', 'Hangul', 'Bopomofo'].map(
  (script) => new RegExp(`\\p{Script=${script}}`, 'u'),
)
const LATIN = WITH_LATIN[0] as RegExp
const LETTER = /\p{L}/u

/**
 * Whether a label of a host name has Latin letters beside those of a script that is never written with them, so
 * that it can be made to look like another: `аpple` with a Cyrillic `а` (Unicode TR 39 §5.2, "highly restrictive").
 * No registry of the public suffixes gives out such names. A name that is in one other script throughout is
 * somebody's own language, and is told as `xn--…` wherever we write it.
 *
 * @param host as `URL` writes it
 */
export function looksLikeAnother(host: string): boolean {
  if (!host.includes('xn--')) return false
  return domainToUnicode(host).split('.').some(isMixed)
}

function isMixed(label: string): boolean {
  const letters = [...label].filter((character) => LETTER.test(character))
  const isForeign = (letter: string) => !WITH_LATIN.some((script) => script.test(letter))
  return letters.some((letter) => LATIN.test(letter)) && letters.some(isForeign)
}

/**
 * Names of fields as they are read: the same few again and again. Each that is read gets one text for all its
 * appearances. Whatever is looked up by it afterwards is found by that text's identity, where a name cut out of a head
 * has to be looked up letter by letter; and it doesn't keep the head in memory.
 */

/** Longest name that is remembered; names that are in use are shorter. */
const CHARACTERS_MAX = 64

/** How many are remembered: one in each place, which its length and two of its letters say. A power of two. */
const PLACES = 1_024

const remembered: (string | undefined)[] = new Array(PLACES).fill(undefined)

/** Of names whose place is taken every so many takes it: whoever makes names up takes no place for good, nor often. */
const TURNS = 16

let turn = 0

/** The name that stands in a text. @param to behind its end */
export function nameIn(text: string, from: number, to: number): string {
  const length = to - from
  if (length === 0 || length > CHARACTERS_MAX) return text.slice(from, to)
  const place =
    (length * 31 + text.charCodeAt(from) * 7 + text.charCodeAt(from + (length >> 1)) * 131) & (PLACES - 1)
  const known = remembered[place]
  if (known !== undefined && known.length === length && text.startsWith(known, from)) return known
  if (known !== undefined) {
    turn = (turn + 1) % TURNS
    if (turn !== 0) return text.slice(from, to)
  }
  const name = ownText(text.slice(from, to))
  remembered[place] = name
  return name
}

/** The same text by itself, and as V8 keeps the keys of objects: it is found by its identity then. */
function ownText(name: string): string {
  const own = Buffer.from(name, 'latin1').toString('latin1')
  return Object.keys({ [own]: true })[0] ?? own
}

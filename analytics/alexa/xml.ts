import { XMLBuilder } from 'fast-xml-parser'

/** What an element holds: text, nothing, elements by their names in order, or several of one name. */
export type Content = string | number | undefined | Elements | readonly Content[]

/** Elements by their names; `@name` is an attribute, `#text` the text beside attributes. */
export interface Elements {
  readonly [name: string]: Content
}

const builder = new XMLBuilder({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  suppressEmptyNode: true,
  // Otherwise an attribute that is `true` has no value, which is no XML.
  suppressBooleanAttributes: false,
  processEntities: true,
})

/** What XML 1.0 can't hold, escaped or not (§2.2): control characters, halves of pairs. */
const UNHOLDABLE = /[^\t\n\r\P{Cc}]|[\p{Cs}\ufffe\uffff]/gu

/** A document. Names are written as they are. */
export function xmlOf(elements: Elements): string {
  return `<?xml version="1.0"?>\n${builder.build(writable(elements, ''))}\n`
}

/** The same elements with `aws:` before their names, which clients look for literally. */
export function aws(elements: Elements): Elements {
  return writable(elements, 'aws:') as Elements
}

/** The same for JSON: all of it text. Attributes are elements there; an element with text beside them is its text alone. */
export function plain(content: Content): unknown {
  if (content === undefined) return ''
  if (typeof content !== 'object') return String(content)
  if (Array.isArray(content)) return content.map((one: Content) => plain(one))
  const elements = Object.entries(content as Elements)
  const text = elements.find(([name]) => name === '#text')
  if (text !== undefined) return plain(text[1])
  return Object.fromEntries(elements.map(([name, value]) => [name.replace(/^@/, ''), plain(value)]))
}

function writable(content: Content, prefix: string): Content {
  if (content === undefined) return ''
  if (typeof content === 'number') return String(content)
  if (typeof content === 'string') return content.replace(UNHOLDABLE, '\ufffd')
  if (Array.isArray(content)) return content.map((one: Content) => writable(one, prefix))
  return Object.fromEntries(
    Object.entries(content).map(([name, value]) => [
      /^[@#]/.test(name) ? name : `${prefix}${name}`,
      writable(value, prefix),
    ]),
  )
}

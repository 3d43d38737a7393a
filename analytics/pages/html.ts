/** A piece of a page whose text is safe to put into another. Only `html` makes one. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** What may stand in a template. `undefined` leaves no trace. */
export type Content = string | number | Html | undefined | readonly Content[]

const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/**
 * A template of HTML or SVG: what is put in is text, whatever it holds, unless it is `Html` itself.
 *
 * Attribute values must stand in double quotes in the template. Nothing may be put into a tag's name, an
 * event handler, a `<script>` or a `<style>`; there are none of the latter three in our pages.
 */
export function html(strings: TemplateStringsArray, ...contents: readonly Content[]): Html {
  const pieces = strings.map((string, index) => string + textOf(contents[index]))
  return new Html(pieces.join(''))
}

function textOf(content: Content): string {
  if (content === undefined) return ''
  if (content instanceof Html) return content.text
  if (Array.isArray(content)) return content.map(textOf).join('')
  return String(content).replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '')
}

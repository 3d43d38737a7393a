import { type Content, type Html, html } from './html.ts'

/** Figures that count most, each in a tile. */
export function tiles(...of: Content[]): Html {
  return html`<dl class="tiles">\n${of}</dl>`
}

/** One figure. @param kind `rank` stands out */
export function tile(name: Content, value: Content, kind: 'rank' | 'plain' = 'plain'): Html {
  return html`<div class="tile tile-${kind}"><dt>${name}</dt><dd>${value}</dd></div>\n`
}

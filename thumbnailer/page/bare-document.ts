import type { Page as BrowserPage } from 'puppeteer-core'
import { within } from '../deadline.ts'

/** Characters of a text that are set out: a window shows a tenth of them. */
const SHOWN_MAX = 12_000

const STYLE = `
  :root { color-scheme: light dark }
  body { margin: 0; background: light-dark(#fff, #16181d) }
  body > :not(pre) { display: none }
  pre { margin: 0; padding: 44px 56px; color: light-dark(#24292f, #d5dae1); white-space: pre-wrap;
    font: 17px/1.6 ui-monospace, "DejaVu Sans Mono", "Liberation Mono", monospace; overflow-wrap: anywhere }
  .name { color: light-dark(#0b5cad, #7fb4f0) }
  .text { color: light-dark(#1d7a3e, #8fd0a0) }
  .value { color: light-dark(#a2480b, #efb07a) }`

const DRESS = String.raw`(() => {
  const type = document.contentType
  const pre = document.querySelector('body > pre')
  if (!pre || /html|^image/.test(type)) return
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(${JSON.stringify(STYLE)})
  document.adoptedStyleSheets = [sheet]
  if (!/json/.test(type)) return
  let laidOut
  try { laidOut = JSON.stringify(JSON.parse(pre.textContent), null, 2).slice(0, ${SHOWN_MAX}) } catch { return }
  const parts = []
  let at = 0
  for (const match of laidOut.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|-?\d[\d.eE+-]*|true|false|null/g)) {
    const [token, text, colon = ''] = match
    const span = document.createElement('span')
    span.className = text === undefined ? 'value' : colon === '' ? 'text' : 'name'
    span.textContent = text ?? token
    parts.push(laidOut.slice(at, match.index), span, colon)
    at = match.index + token.length
  }
  pre.replaceChildren(...parts, laidOut.slice(at))
})()`

/**
 * A text without a page around it is drawn by the browser as letters in a corner. It gets margins and
 * lines that end in the window; JSON is set out and coloured. Any page is left as it is.
 */
export async function dressBareDocument(page: BrowserPage, msMax: number): Promise<void> {
  // What isn't dressed in time is pictured as it is.
  await within(msMax, 'dressing a text', page.evaluate(DRESS)).catch(() => undefined)
}

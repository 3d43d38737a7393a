import { WINDOW_NAMES, type WindowName } from '../queries/window.ts'
import { type Html, html } from './html.ts'

const WINDOW_TEXTS: Record<WindowName, string> = {
  '1d': '1 day',
  '7d': '7 days',
  '28d': '28 days',
  '91d': '91 days',
}

/** One thing to choose. */
export interface Option {
  text: string
  href: string
  chosen: boolean
}

/** A few things of which one is chosen, each a link. */
export function choice(label: string, options: readonly Option[]): Html {
  return html`<nav class="choice" aria-label="${label}">${options.map(optionLink)}</nav>`
}

/** Many of them, as words in a row. */
export function places(label: string, options: readonly Option[]): Html {
  return html`<nav class="places" aria-label="${label}">${options.map(optionLink)}</nav>`
}

/** The windows of a ranking, the shortest first. @param hrefOf the page with that window */
export function windowChoice(chosen: WindowName, hrefOf: (window: WindowName) => string): Html {
  const options = WINDOW_NAMES.map((name) => ({
    text: WINDOW_TEXTS[name],
    href: hrefOf(name),
    chosen: name === chosen,
  }))
  return choice('Window of the ranking', options)
}

/** As `7 days`. */
export function windowText(window: WindowName): string {
  return WINDOW_TEXTS[window]
}

function optionLink({ text, href, chosen }: Option): Html {
  return chosen
    ? html`<a href="${href}" aria-current="true">${text}</a>\n`
    : html`<a href="${href}">${text}</a>\n`
}

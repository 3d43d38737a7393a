import { type Html, html } from './html.ts'

/** A share as a bar, beside the figure that says the same. @param share 0 to 1 */
export function shareBar(share: number): Html {
  return html`<svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
<rect width="${(share * 100).toFixed(2)}" height="6"/></svg>`
}

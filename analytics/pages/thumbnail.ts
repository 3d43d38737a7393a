import { type Html, html } from './html.ts'

const SIZES = { small: { width: 111, height: 82 }, large: { width: 201, height: 147 } } as const

/**
 * A site's picture, sharp on dense screens. A page is not asked for twice, so it waits for the first picture. Its place has its size before it is there, and keeps it when it never comes.
 * `alt` is empty, as the site's name stands beside it.
 */
export function thumbnail(site: string, size: keyof typeof SIZES): Html {
  const { width, height } = SIZES[size]
  const source = `/v1/sites/${encodeURIComponent(site)}/thumbnail?size=${size}&wait=1`
  return html`<span class="thumbnail thumbnail-${size}"><img src="${source}" alt=""
 width="${width}" height="${height}" loading="lazy" decoding="async"></span>`
}

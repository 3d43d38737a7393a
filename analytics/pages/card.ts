import type { SiteFigures } from '../queries/figures.ts'
import type { DayOfTraffic } from '../queries/traffic.ts'
import { type Html, html } from './html.ts'
import { countText, siteText } from './wording.ts'

/** Size of the sparkline, pixels. */
const LINE = { width: 470, height: 120 } as const

/** What a card shows. */
export interface Card {
  figures: SiteFigures
  /** Oldest first. */
  traffic: readonly DayOfTraffic[]
  /** The site's picture as a `data:` URL. */
  picture: string | undefined
}

/**
 * A site at a glance, 1200×630 pixels, for links to its page: rank, people, a month's shape, a picture.
 * The look is that of the pages (`assets/frame.css`); nothing in it is fetched.
 */
export function cardPage({ figures, traffic, picture }: Card): Html {
  const ranked = figures.places.find(({ window }) => window.window === '7d')?.ranked
  const views = traffic.map(({ pageViews }) => pageViews)
  return html`<!doctype html><html lang="en"><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<style>
* { box-sizing: border-box; margin: 0 }
body { width: 1200px; height: 630px; padding: 60px 64px; background: #faf7f0; color: #1c2438; border-left: 18px solid #2e4585;
  font: 26px/1.3 Arial, sans-serif; display: grid; grid-template-columns: 470px 1fr; gap: 56px; position: relative; overflow: hidden }
body::before { content: ""; position: absolute; left: 8px; top: 0; bottom: 0; border-left: 4px dashed #c0322a }
h1 { font: 700 54px/1.1 Georgia, serif; overflow-wrap: anywhere; max-height: 180px; overflow: hidden }
.rank { font: 700 118px/1 Georgia, serif; color: #c0322a; margin-top: 34px }
.rank small { font: 26px Arial, sans-serif; color: #5b6377; margin-left: 16px }
.faded { color: #5b6377 } .line { margin-top: 26px; display: block }
.picture { align-self: center; width: 100%; border: 1px solid #e4ddcd; border-radius: 10px; box-shadow: 0 18px 50px #1c243838; background: #fff }
.mark { position: absolute; right: 64px; bottom: 26px; font: 700 24px Georgia, serif; color: #2e4585 }
</style>
<div style="align-self:center"><h1>${siteText(figures.site)}</h1>
${
  ranked === undefined
    ? html`<p class="rank" style="font-size:64px">No rank yet</p>`
    : html`<p class="rank">${countText(ranked.rank)}<small>of ${countText(ranked.ranked)}, 7 days</small></p>`
}
${line(views)}
<p class="faded">${countText(views.reduce((sum, one) => sum + one, 0))} page views in ${views.length} days</p></div>
${picture === undefined ? html`<div></div>` : html`<img class="picture" src="${picture}" alt="">`}
<p class="mark">Selvedge</p></html>`
}

function line(values: readonly number[]): Html {
  const most = Math.max(1, ...values)
  const step = LINE.width / Math.max(1, values.length - 1)
  const points = values.map(
    (value, at) =>
      `${(at * step).toFixed(1)},${(LINE.height - 6 - (value / most) * (LINE.height - 12)).toFixed(1)}`,
  )
  return html`<svg class="line" width="${LINE.width}" height="${LINE.height}">
<polygon fill="#b9c3df" opacity=".55" points="0,${LINE.height} ${points.join(' ')} ${LINE.width},${LINE.height}"/>
<polyline fill="none" stroke="#2e4585" stroke-width="4" stroke-linejoin="round" points="${points.join(' ')}"/></svg>`
}

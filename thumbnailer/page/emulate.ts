import type { Page as BrowserPage } from 'puppeteer-core'
import type { Look } from '../look.ts'

/**
 * Makes the window look as asked: its size and density, light or dark, still or moving, the language.
 *
 * Sites are told not to track (Sec-GPC, globalprivacycontrol.org): many then show no consent banner.
 */
export async function emulate(page: BrowserPage, look: Look): Promise<void> {
  const [first = 'en-US'] = look.language.split(/[,;]/)
  await Promise.all([
    page.setViewport({ width: look.width, height: look.height, deviceScaleFactor: look.density }),
    page.emulateMediaFeatures([
      { name: 'prefers-color-scheme', value: look.scheme },
      { name: 'prefers-reduced-motion', value: look.motion },
    ]),
    page.setExtraHTTPHeaders({ 'Accept-Language': look.language, 'Sec-GPC': '1' }),
    page.evaluateOnNewDocument(
      `Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true });
       Object.defineProperty(Navigator.prototype, 'language', { get: () => ${JSON.stringify(first)} })`,
    ),
    ...(look.javascript === 'off' ? [page.setJavaScriptEnabled(false)] : []),
  ])
}

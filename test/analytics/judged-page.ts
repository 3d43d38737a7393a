import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Page } from 'puppeteer-core'

/** How a page is looked at. */
export interface Screen {
  /** CSS pixels. */
  width: number
  scheme: 'light' | 'dark'
}

/** Consequences for people, in axe's words, that no page may have. */
const GRAVE = ['serious', 'critical']

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Has a page shown on a screen, and drawn, until the next call. */
export async function showOn(page: Page, { width, scheme }: Screen): Promise<void> {
  await page.setViewport({ width, height: 900 })
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }])
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
}

/**
 * What is wrong with a page as it is shown now: rules of axe-core that it gravely breaks, words wider than the
 * screen, and figures wider than their tile.
 *
 * @returns a sentence for each, with the first element that it is about
 */
export async function faultsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  const { violations } = (await page.evaluate("axe.run({ resultTypes: ['violations'] })")) as AxeResults
  const faults = violations
    .filter(({ impact }) => GRAVE.includes(impact ?? ''))
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html} (${nodes.length})`)
  const [needed, width] = (await page.evaluate('[document.documentElement.scrollWidth, innerWidth]')) as [
    number,
    number,
  ]
  if (needed > width) faults.push(`${needed} pixels wide instead of ${width}`)
  const cutOff = (await page.evaluate(CUT_OFF)) as string[]
  return [...faults, ...cutOff.map((figure) => `cut off: ${figure}`)]
}

const CUT_OFF = `[...document.querySelectorAll('.tile dd')]
  .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)
  .map(({ textContent }) => textContent.trim())`

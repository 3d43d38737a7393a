import type { Page as BrowserPage } from 'puppeteer-core'
import { z } from 'zod'
import { within } from '../deadline.ts'

/** What a page says of itself. Nothing of it is trusted; all of it is bounded. */
export interface Facts {
  title: string
  /** What of it can be read, from its beginning. */
  text: string
  /** Absolute URL of its icon. */
  favicon?: string
  /** BCP 47. */
  language?: string
  /** Fields for a password that can be seen. */
  passwords: number
  links: number
}

const TITLE_LENGTH_MAX = 300
const TEXT_LENGTH_MAX = 4_000
const URL_LENGTH_MAX = 2_048

const NOTHING: Facts = { title: '', text: '', passwords: 0, links: 0 }

const READ = `(() => {
  const icons = [...document.querySelectorAll('link[rel~=icon i][href]')]
  return {
    title: String(document.title).slice(0, ${TITLE_LENGTH_MAX}),
    text: String(document.body?.innerText ?? '').slice(0, ${TEXT_LENGTH_MAX}),
    favicon: (icons.at(-1)?.href ?? '').slice(0, ${URL_LENGTH_MAX + 1}),
    language: String(document.documentElement.lang ?? '').slice(0, 36),
    passwords: [...document.querySelectorAll('input[type=password]')].filter((field) => field.offsetWidth > 0).length,
    links: document.links.length,
  }
})()`

const count = z.int().min(0).catch(0)
const facts = z.object({
  title: z.string().catch(''),
  text: z.string().catch(''),
  favicon: z
    .url({ protocol: /^https?$/ })
    .max(URL_LENGTH_MAX)
    .optional()
    .catch(undefined),
  language: z
    .string()
    .regex(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/)
    .optional()
    .catch(undefined),
  passwords: count,
  links: count,
})

/** Asks the page; one that doesn't answer in time says nothing. */
export async function factsOf(page: BrowserPage, msMax: number): Promise<Facts> {
  const answer = await within(msMax, 'what the page says of itself', page.evaluate(READ)).catch(
    () => undefined,
  )
  const read = facts.safeParse(answer)
  if (!read.success) return NOTHING
  const { favicon, language, ...known } = read.data
  return {
    ...known,
    title: known.title.slice(0, TITLE_LENGTH_MAX),
    text: known.text.slice(0, TEXT_LENGTH_MAX),
    ...(favicon !== undefined && { favicon }),
    ...(language !== undefined && { language }),
  }
}

import type { Facts } from './facts.ts'

/**
 * What a page seems to be. `blank` is one colour and nothing else; `parking` offers its own domain for
 * sale or waits for its owner; `login` is a form and nothing else; `document` is a text or an image
 * that the browser shows without a page around it.
 */
export type PageKind = 'page' | 'blank' | 'parking' | 'login' | 'document'

/** Why no picture is made of what came. */
export interface Refused {
  failed: 'site-error' | 'site-guarded' | 'no-page'
  detail: string
}

/** Types that a browser shows. Anything else would be a download, a PDF too. */
const SHOWN_TYPES =
  /^(text\/(html|plain|css|csv|markdown|javascript|xml)|application\/(xhtml\+xml|xml|json|javascript|[a-z0-9.+-]+\+(json|xml))|image\/[a-z0-9.+-]+)$/

const PAGE_TYPES = /^(text\/html|application\/xhtml\+xml)$/

/** Titles of the pages that stand before a site and ask for a person. */
const GUARD_TITLES =
  /^\s*(just a moment|attention required|checking your browser|access denied|access to this page has been denied|are you a (robot|human)|you have been blocked|verify(ing)? (that )?you are (a )?human|security check|ddos-guard|one moment, please|pardon our interruption|robot check|human verification)/i

const PARKING =
  /(domain|website|site|address) (name )?(is|may be|could be) (for sale|available for purchase|parked)|buy this domain|this domain (has|is) (expired|parked|registered|recently)|parked (free|domain|by)|courtesy of godaddy|hugedomains|sedo(parking)?\.com|dan\.com|afternic|(site|page|website) (is )?under construction|diese domain (steht|ist) (zum verkauf|zu verkaufen|geparkt)|ce domaine est à vendre|このドメインは|域名出售/i

/** Text of pages that are there for one thing only, characters. */
const SHORT_TEXT_MAX = 1_500
const LOGIN_TEXT_MAX = 600
const LOGIN_LINKS_MAX = 15

/** Judges whether a page is the site's own. @param status of the last answer, redirects followed */
export function refusalOf(status: number, facts: Facts): Refused | undefined {
  if (isGuard(facts)) {
    const detail = 'The site shows renderers a check for people instead of its page.'
    return { failed: 'site-guarded', detail }
  }
  if (status >= 400) return { failed: 'site-error', detail: `The site answered with status ${status}.` }
  return undefined
}

function isGuard({ title, text }: Facts): boolean {
  return GUARD_TITLES.test(title) && text.length <= SHORT_TEXT_MAX
}

/** Whether what came would be downloaded instead of shown. @param contentType as it was sent, or `''` */
export function downloadOf(contentType: string, disposition: string): Refused | undefined {
  const type = typeOf(contentType)
  if (/^\s*attachment/i.test(disposition)) {
    return { failed: 'no-page', detail: 'The site sends a download, of which no picture is made.' }
  }
  if (type === '' || SHOWN_TYPES.test(type)) return undefined
  const named = /^[a-z0-9.+-]+\/[a-z0-9.+-]+$/.test(type) ? type.slice(0, 100) : 'something unnamed'
  return { failed: 'no-page', detail: `The site sends ${named}, of which no picture is made.` }
}

/** @param isUniform whether the capture is of one colour */
export function kindOf(contentType: string, facts: Facts, isUniform: boolean): PageKind {
  const type = typeOf(contentType)
  if (type !== '' && !PAGE_TYPES.test(type)) return 'document'
  if (isUniform) return 'blank'
  if (facts.text.length <= SHORT_TEXT_MAX && PARKING.test(`${facts.title}\n${facts.text}`)) return 'parking'
  const isLogin = facts.passwords > 0 && facts.text.length <= LOGIN_TEXT_MAX && facts.links <= LOGIN_LINKS_MAX
  return isLogin ? 'login' : 'page'
}

function typeOf(contentType: string): string {
  return (contentType.split(';')[0] ?? '').trim().toLowerCase()
}

import { createHash } from 'node:crypto'
import type { IsFronted } from './fronted.ts'
import { type PictureSize, SIZE_NAMES, SIZES } from './pictures.ts'
import type { Problem } from './problem.ts'

/** Longest URL that is rendered, characters. */
const URL_LENGTH_MAX = 2_048

/** A page of a fronted site, safe to give to the browser. */
export interface Page {
  /** As `URL` writes it; `http:` or `https:`, without credentials and fragment. */
  url: string
  /** The site's host name, lower case, without port. */
  host: string
  /** Names the page in the store: unlike for any other page. */
  id: string
}

/** What was asked for. */
export interface Asked {
  page: Page
  size: PictureSize
}

/** Reads `url` and `size` of a query. Any other parameter is ignored. */
export function readAsked(query: URLSearchParams, isFronted: IsFronted): Asked | { problem: Problem } {
  const size = query.get('size') ?? 'small'
  if (!isSize(size)) {
    return { problem: { code: 'bad-size', detail: `size: one of ${SIZE_NAMES.join(', ')} is allowed.` } }
  }
  const url = readUrl(query.get('url') ?? '')
  if (typeof url === 'string') return { problem: { code: 'bad-url', detail: `url: ${url}` } }
  if (!isFronted(url.hostname)) {
    return { problem: { code: 'not-fronted', detail: `No site named ${url.hostname} is served from here.` } }
  }
  return { page: pageOf(url), size }
}

/** The URL, or what is wrong with it. `URL` has already undone odd spellings of names and addresses. */
function readUrl(text: string): URL | string {
  if (text === '') return 'is missing; give the address of a page.'
  if (text.length > URL_LENGTH_MAX)
    return `has ${text.length} characters, at most ${URL_LENGTH_MAX} are allowed.`
  const url = URL.parse(text)
  if (url === null) return 'is not an absolute URL.'
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return `begins with ${url.protocol}, only http: and https: are allowed.`
  }
  if (url.username !== '' || url.password !== '') return 'has credentials; leave them out.'
  url.hash = ''
  // Escapes grow when the URL is written out, so what is kept is bounded once more.
  if (url.href.length > URL_LENGTH_MAX) return `is longer than ${URL_LENGTH_MAX} characters.`
  return url
}

function pageOf(url: URL): Page {
  const id = createHash('sha256').update(url.href).digest('hex').slice(0, 32)
  return { url: url.href, host: url.hostname, id }
}

function isSize(text: string): text is PictureSize {
  return Object.hasOwn(SIZES, text)
}

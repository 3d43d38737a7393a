import { createHash } from 'node:crypto'
import type { IsFronted } from './fronted.ts'
import { type Look, lookName, readLook } from './look.ts'
import { looksLikeAnother } from './look-alike.ts'
import {
  type Cut,
  densityFor,
  FORMAT_NAMES,
  FORMATS,
  formatFor,
  type PictureScale,
  SCALES,
  SIZE_NAMES,
  SIZES,
} from './pictures.ts'
import type { Problem } from './problem.ts'

/** Longest URL that is rendered, characters. */
const URL_LENGTH_MAX = 2_048

/** Digest of a capture, as in a record of the gallery. */
const VERSION = /^[0-9a-f]{32}$/

/** A look at a page of a fronted site, safe to give to the browser. */
export interface Page {
  /** As `URL` writes it; `http:` or `https:`, without credentials and fragment. */
  url: string
  /** The site's host name, lower case, without port. */
  host: string
  look: Look
  /** Names the look at the page in the store: unlike for any other. */
  id: string
}

/** What was asked for. */
export interface Asked {
  page: Page
  cut: Cut
  /** An older capture, by its digest. */
  version?: string
  /** Of the site, 1 for the most visited: its pictures are made anew more often. */
  rank?: number
  /** Whether to wait for the first picture; who doesn't gets a placeholder. */
  wait: boolean
}

/**
 * Reads a query: `url`, `size`, `scale`, `format` (else by `Accept`), `version`, `rank`, `wait` and
 * those of `look.ts`. Any other parameter is ignored.
 *
 * @param accept the field's value
 */
export function readAsked(
  query: URLSearchParams,
  accept: string | undefined,
  isFronted: IsFronted,
): Asked | { problem: Problem } {
  const cut = readCut(query, accept)
  if ('problem' in cut) return cut
  const version = query.get('version')
  // Older looks are those of the usual density, whatever they are enlarged to.
  const page = readPage(query, isFronted, version === null ? cut : undefined)
  if ('problem' in page) return page
  if (version !== null && !VERSION.test(version)) {
    return { problem: { code: 'bad-parameter', detail: 'version: has to be one that /history names.' } }
  }
  const rank = readRank(query)
  return {
    page,
    cut,
    wait: query.get('wait') !== '0',
    ...(version !== null && { version }),
    ...(rank !== undefined && { rank }),
  }
}

/** Reads `rank`; what is none is as if there were none. */
export function readRank(query: URLSearchParams): number | undefined {
  const rank = Number(query.get('rank') ?? Number.NaN)
  return Number.isInteger(rank) && rank > 0 ? rank : undefined
}

function readCut(query: URLSearchParams, accept: string | undefined): Cut | { problem: Problem } {
  const size = query.get('size') ?? 'small'
  if (!isNameOf(SIZES, size)) {
    return { problem: { code: 'bad-size', detail: `size: one of ${SIZE_NAMES.join(', ')} is allowed.` } }
  }
  const scale = Number(query.get('scale') ?? 1)
  if (!isScale(scale)) {
    return { problem: { code: 'bad-parameter', detail: `scale: one of ${SCALES.join(', ')} is allowed.` } }
  }
  const format = query.get('format') ?? formatFor(accept)
  if (!isNameOf(FORMATS, format)) {
    const detail = `format: one of ${FORMAT_NAMES.join(', ')} is allowed.`
    return { problem: { code: 'bad-parameter', detail } }
  }
  return { size, scale, format }
}

/** Reads `url` and the parameters of a look. @param cut which has to come out of its capture sharp */
export function readPage(
  query: URLSearchParams,
  isFronted: IsFronted,
  cut?: Cut,
): Page | { problem: Problem } {
  const read = readLook(query)
  if (typeof read === 'string') return { problem: { code: 'bad-parameter', detail: `${read}.` } }
  const look = cut === undefined ? read : { ...read, density: densityFor(cut, read.width) }
  const url = readUrl(query.get('url') ?? '')
  if (typeof url === 'string') return { problem: { code: 'bad-url', detail: `url: ${url}` } }
  if (!isFronted(url.hostname)) {
    return {
      problem: {
        code: 'not-fronted',
        detail: `No site named ${url.hostname} is served from here, or allowed by the settings.`,
      },
    }
  }
  return pageOf(url, look)
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
  if (looksLikeAnother(url.hostname)) {
    return `has the name ${url.hostname}, of letters of several scripts that look alike; such names are not opened.`
  }
  url.hash = ''
  // Escapes grow when the URL is written out, so what is kept is bounded once more.
  if (url.href.length > URL_LENGTH_MAX) return `is longer than ${URL_LENGTH_MAX} characters.`
  return url
}

function pageOf(url: URL, look: Look): Page {
  const name = lookName(look)
  // No URL has a line break, so no URL and look together are another URL.
  const named = name === '' ? url.href : `${url.href}\n${name}`
  const id = createHash('sha256').update(named).digest('hex').slice(0, 32)
  return { url: url.href, host: url.hostname, look, id }
}

function isNameOf<Names extends object>(names: Names, text: string): text is Extract<keyof Names, string> {
  return Object.hasOwn(names, text)
}

function isScale(number: number): number is PictureScale {
  return (SCALES as readonly number[]).includes(number)
}

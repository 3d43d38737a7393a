import type { Answer, EdgeClient } from './edge-client.ts'
import { type Organization, organizationIn } from './organization.ts'
import { type PageWords, wordsOfPage } from './page-words.ts'
import { type Robots, readRobots } from './robots.ts'
import { securityContactIn } from './security-txt.ts'

/** What a site's front page says of it, as plain text; '' for what it doesn't say. */
export interface FrontPage {
  /** Where it was found, redirects followed. */
  url: string
  title: string
  description: string
  siteName: string
  keywords: string
  language: string
  encoding: string
  owner: string
  email: string
  /** Where the address stands. */
  emailFrom: '' | 'organization' | 'author' | 'page' | 'security.txt'
  phone: string
  contactUrl: string
  street: string
  city: string
  region: string
  postalCode: string
  country: string
}

/** Why there is nothing to say. */
export type NoFrontPage = 'unreachable' | 'robots-refused' | 'not-ok' | 'not-html' | 'leads-elsewhere'

/** Most of a page that is read, bytes: what it says of itself stands at its beginning. */
const PAGE_BYTES_MAX = 524_288
const SECURITY_TXT_BYTES_MAX = 16_384

const REDIRECTS_MAX = 4
const HTML = ['text/html', 'application/xhtml+xml']

/** By what it is asked, and what of it may be. */
interface Way {
  edge: EdgeClient
  robots: Robots
}

/**
 * Reads the front page of a site's host, through the edge, as far as the site's robots.txt lets programs.
 *
 * @param host the one that people come to
 * @param nowMs Unix ms
 */
export async function lookAtSite(
  edge: EdgeClient,
  { site, host }: { site: string; host: string },
  nowMs: number,
): Promise<FrontPage | NoFrontPage> {
  const way = { edge, robots: readRobots(edge) }
  try {
    const page = await frontPageOf(way, site, new URL(`http://${host}/`))
    if (typeof page === 'string') return page
    const { words, encoding } = readPage(page)
    const organization = organizationIn(words.linkedData, page.url.href)
    const found = { words, organization, encoding, url: page.url }
    const isReachable = (organization?.email ?? '') + words.authorEmail + words.email !== ''
    return told(found, isReachable ? undefined : await securityContactOf(way, page.url, nowMs))
  } catch {
    return 'unreachable' // said to be so where it is shown; the edge's own log has the request
  }
}

/** Follows redirects, within the site only: what another site says is not its own. */
async function frontPageOf({ edge, robots }: Way, site: string, start: URL): Promise<Answer | NoFrontPage> {
  let url = start
  for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects += 1) {
    if (!(await robots.mayRead(url))) return 'robots-refused'
    const answer = await edge.get(url, 'text/html', PAGE_BYTES_MAX)
    const to = answer.status >= 300 && answer.status < 400 ? URL.parse(answer.location, url) : null
    if (to === null) return isPage(answer)
    const isOwn = to.hostname === site || to.hostname === start.hostname || to.hostname.endsWith(`.${site}`)
    if (!isOwn || !/^https?:$/.test(to.protocol)) return 'leads-elsewhere'
    // Ports of the outside are not those of the edge that we ask.
    to.port = ''
    to.username = ''
    to.password = ''
    url = to
  }
  return 'leads-elsewhere'
}

function isPage(answer: Answer): Answer | NoFrontPage {
  if (answer.status !== 200) return 'not-ok'
  return HTML.includes(answer.type) ? answer : 'not-html'
}

/** Bytes in which a page has to say how the others are to be read (HTML §4.2.5.4). */
const CHARSET_BYTES = 1_024

function readPage({ url, body, charset }: Answer): { words: PageWords; encoding: string } {
  const beginning = wordsOfPage(body.subarray(0, CHARSET_BYTES).toString('latin1'), url.href)
  const decoder = decoderOf(markOf(body) ?? charset) ?? decoderOf(beginning.charset) ?? guessed(body)
  return { words: wordsOfPage(decoder.decode(body), url.href), encoding: decoder.encoding }
}

function markOf(body: Buffer): string | undefined {
  const mark = body.subarray(0, 3).toString('latin1')
  if (mark === '\xef\xbb\xbf') return 'utf-8'
  if (mark.startsWith('\xfe\xff')) return 'utf-16be'
  return mark.startsWith('\xff\xfe') ? 'utf-16le' : undefined
}

function decoderOf(charset: string): TextDecoder | undefined {
  if (charset === '') return undefined
  try {
    return new TextDecoder(charset)
  } catch {
    return undefined // no such encoding: as if nothing had been said
  }
}

/** Pages that don't say are UTF-8, or old and western. The last character may be cut in two. */
function guessed(body: Buffer): TextDecoder {
  const isUtf8 = !new TextDecoder().decode(body.subarray(0, -4)).includes('\ufffd')
  return new TextDecoder(isUtf8 ? 'utf-8' : 'windows-1252')
}

async function securityContactOf({ edge, robots }: Way, page: URL, nowMs: number) {
  const url = new URL('/.well-known/security.txt', page)
  if (!(await robots.mayRead(url))) return undefined
  // Few sites have one: what goes wrong with it says nothing of the page.
  const answer = await edge.get(url, 'text/plain', SECURITY_TXT_BYTES_MAX).catch(() => undefined)
  if (answer?.status !== 200 || answer.type !== 'text/plain') return undefined
  return securityContactIn(answer.body.toString('utf8'), page.href, nowMs)
}

function told(
  {
    words,
    organization,
    encoding,
    url,
  }: {
    words: PageWords
    organization: Organization | undefined
    encoding: string
    url: URL
  },
  security: { email: string; url: string } | undefined,
): FrontPage {
  const emails = [
    ['organization', organization?.email],
    ['author', words.authorEmail],
    ['page', words.email],
    ['security.txt', security?.email],
  ] as const
  const [emailFrom, email = ''] = emails.find(([, address]) => (address ?? '') !== '') ?? ['' as const]
  return {
    url: url.href,
    title: words.title,
    description: words.description,
    siteName: words.siteName,
    keywords: words.keywords,
    language: words.language,
    encoding,
    owner: organization?.name || words.author,
    email,
    emailFrom,
    phone: organization?.phone ?? '',
    contactUrl: organization?.url || words.authorUrl || (security?.url ?? ''),
    street: organization?.street ?? '',
    city: organization?.city ?? '',
    region: organization?.region ?? '',
    postalCode: organization?.postalCode ?? '',
    country: organization?.country ?? '',
  }
}

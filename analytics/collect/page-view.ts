const PAGE_TYPES = ['text/html', 'application/xhtml+xml']

/** What a page view is told by. */
export type PageViewTraits = Record<
  'method' | 'status' | 'contentType' | 'secFetchDest' | 'secPurpose',
  string
>

/**
 * Whether a person looked at a page: not a bot, not a page's part (picture, script, frame, fetch), not
 * an error or a redirect, and not a page that the browser only fetched in case it were wanted.
 */
export function isPageView(record: PageViewTraits, isBot: boolean): boolean {
  return (
    !isBot &&
    record.method === 'GET' &&
    isPage(record) &&
    isWantedAsPage(record.secFetchDest) &&
    !/prefetch|prerender/i.test(record.secPurpose)
  )
}

/** What a browser wants it for (Fetch Metadata); older ones, and all over plain http, don't say. */
export function isWantedAsPage(secFetchDest: string): boolean {
  return secFetchDest === '' || secFetchDest === 'document'
}

/** A 304 says that the browser has the page already, and need not repeat its type (RFC 9110 §15.4.5). */
function isPage({ status, contentType, secFetchDest }: PageViewTraits): boolean {
  const code = Number(status)
  if (code === 304 && contentType === '') return secFetchDest === 'document'
  return ((code >= 200 && code <= 299) || code === 304) && PAGE_TYPES.includes(contentType.toLowerCase())
}

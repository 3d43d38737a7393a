import type { Request, Response } from '../../edge/cache/message.ts'
import { plainResponse } from './plain-response.ts'

/**
 * Sends the viewer of `/docs` on to `/docs/`, the query kept: without the slash, relative links in the
 * folder's index would lead beside it. `undefined` where the new address would name another host.
 *
 * @param names of the path, decoded, without a trailing slash
 */
export function folderRedirect(
  names: readonly string[],
  { target, method }: Request,
  cacheControl: string,
): Response | undefined {
  const query = target.indexOf('?')
  const path = `/${names.map(encodeURIComponent).join('/')}/`
  if (path.startsWith('//')) return undefined
  const location = query === -1 ? path : path + target.slice(query)
  const more = ['Location', location, 'Cache-Control', cacheControl]
  return plainResponse(301, 'The folder’s address ends in a slash.', more, method)
}

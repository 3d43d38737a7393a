import { type Fields, joinedValue } from '../fields.ts'

/** Most tags of one response, and most characters of one (CloudFront's limits). */
const TAGS_MAX = 50
const TAG_CHARACTERS_MAX = 256

/**
 * The tags by which a response can be invalidated: members of `Cache-Tag` (separated by commas, as with
 * CloudFront) and `Surrogate-Key` (by spaces, as with Varnish and Fastly), in lower case. What is beyond
 * the limits is left out.
 *
 * @param header the one field to read instead, by commas, lower case (CloudFront: `CacheTagConfig`)
 */
export function tagsOf(fields: Fields, header?: string): readonly string[] {
  const cacheTag = joinedValue(fields, header ?? 'cache-tag')
  const surrogateKey = header === undefined ? joinedValue(fields, 'surrogate-key') : undefined
  if (cacheTag === undefined && surrogateKey === undefined) return NO_TAGS
  const tags = [...(cacheTag ?? '').split(','), ...(surrogateKey ?? '').split(/[\s,]+/)]
    .map((tag) => tag.trim().toLowerCase())
    .filter((tag) => /^[\x21-\x2b\x2d-\x7e]+$/.test(tag) && tag.length <= TAG_CHARACTERS_MAX)
  return [...new Set(tags)].slice(0, TAGS_MAX)
}

const NO_TAGS: readonly string[] = []

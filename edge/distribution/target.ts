/** A target's path, without its query. */
export function pathOf(target: string): string {
  const query = target.indexOf('?')
  return query === -1 ? target : target.slice(0, query)
}

/** A target's query, without `?`; empty when there is none. */
export function queryOf(target: string): string {
  const query = target.indexOf('?')
  return query === -1 ? '' : target.slice(query + 1)
}

/** What a distribution says of documents that stand for a folder. */
export interface Indexes {
  defaultRootObject?: string | undefined
  folderIndex?: string | undefined
}

/**
 * The target with the document that stands for a folder: CloudFront's default root object for `/` and
 * that alone, our own folder index for every path that ends in a slash.
 *
 * @param target normalised
 */
export function withIndex(target: string, { defaultRootObject, folderIndex }: Indexes): string {
  if (defaultRootObject === undefined && folderIndex === undefined) return target
  const path = pathOf(target)
  if (!path.endsWith('/')) return target
  const index = path === '/' ? (defaultRootObject ?? folderIndex) : folderIndex
  return index === undefined ? target : `${path}${index}${target.slice(path.length)}`
}

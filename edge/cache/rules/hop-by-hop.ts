import {
  type FieldFilter,
  type Fields,
  filterFields,
  joinedValue,
  listMembers,
  nameFilter,
} from '../fields.ts'

/** Fields about the connection, not the message (RFC 9110 §7.6.1, and the proxies' own of RFC 9111 §3.1). */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Fields that mean something to everybody on the way, so that no hop may have them taken off (RFC 8586 §2, RFC 9110 §7.6.1). */
const FOR_ALL_HOPS: ReadonlySet<string> = new Set(['cache-control', 'cdn-loop'])

/**
 * A filter of the fields that may go on to the next hop: none about this connection, none that `Connection`
 * lists, and of the others those that `keep` wants.
 *
 * @param keep is given the name in lower case; goes by it alone
 */
export function endToEndFilter(keep: (name: string) => boolean): FieldFilter {
  const filter = nameFilter((name) => !HOP_BY_HOP.has(name) && keep(name))
  return (fields) => {
    const kept = filter(fields)
    const listed = listedHops(fields)
    return listed.length === 0 ? kept : filterFields(kept, (name) => !listed.includes(name))
  }
}

/** The fields that may go on to the next hop: none about this connection, none that `Connection` lists. */
export const endToEndFields = endToEndFilter(() => true)

/** What `Connection` lists, but for those that mean something beyond and those that end here anyhow. */
function listedHops(fields: Fields): string[] {
  const connection = joinedValue(fields, 'connection')
  if (connection === undefined || ORDINARY.has(connection)) return []
  return listMembers(connection).filter((name) => !FOR_ALL_HOPS.has(name))
}

/** What nearly all connections say: it names no field that isn't hop-by-hop anyhow. */
const ORDINARY: ReadonlySet<string> = new Set(['keep-alive', 'Keep-Alive', 'close'])

import { type Fields, filterFields, joinedValue, listMembers } from './fields.ts'

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

/** The fields that may go on to the next hop: none about this connection, none that `Connection` lists. */
export function endToEndFields(fields: Fields): string[] {
  const listed = listMembers(joinedValue(fields, 'connection')).filter((name) => !FOR_ALL_HOPS.has(name))
  return filterFields(fields, (name) => !HOP_BY_HOP.has(name) && !listed.includes(name))
}

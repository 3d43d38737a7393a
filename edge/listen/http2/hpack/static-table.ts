/** The static table (RFC 7541 appendix A): a name and, after a space, its value; the first line has index 1. */
const TABLE = `:authority
:method GET
:method POST
:path /
:path /index.html
:scheme http
:scheme https
:status 200
:status 204
:status 206
:status 304
:status 400
:status 404
:status 500
accept-charset
accept-encoding gzip, deflate
accept-language
accept-ranges
accept
access-control-allow-origin
age
allow
authorization
cache-control
content-disposition
content-encoding
content-language
content-length
content-location
content-range
content-type
cookie
date
etag
expect
expires
from
host
if-match
if-modified-since
if-none-match
if-range
if-unmodified-since
last-modified
link
location
max-forwards
proxy-authenticate
proxy-authorization
range
referer
refresh
retry-after
server
set-cookie
strict-transport-security
transfer-encoding
user-agent
vary
via
www-authenticate`

export const STATIC_COUNT = 61

/** By index; there is no index 0. */
export const STATIC_NAMES: readonly string[] = [
  '',
  ...TABLE.split('\n').map((line) => line.split(' ')[0] as string),
]
export const STATIC_VALUES: readonly string[] = [
  '',
  ...TABLE.split('\n').map((line) => line.split(' ').slice(1).join(' ')),
]

/** Where the table has a name. */
export interface StaticName {
  /** The first with this name. */
  index: number
  /** Index by value. */
  values: Map<string, number>
}

/** What the table has, by name. */
export const STATIC_BY_NAME: ReadonlyMap<string, StaticName> = byName()

function byName(): Map<string, StaticName> {
  const names = new Map<string, StaticName>()
  for (let index = 1; index <= STATIC_COUNT; index += 1) {
    const name = STATIC_NAMES[index] as string
    const known = names.get(name) ?? { index, values: new Map<string, number>() }
    known.values.set(STATIC_VALUES[index] as string, index)
    names.set(name, known)
  }
  return names
}

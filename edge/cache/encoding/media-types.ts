/** Media types that CloudFront compresses, by its developer guide ("File types that CloudFront compresses"). */
const CLOUDFRONT: readonly string[] = [
  'application/dash+xml',
  'application/eot',
  'application/font',
  'application/font-sfnt',
  'application/javascript',
  'application/json',
  'application/opentype',
  'application/otf',
  'application/pdf',
  'application/pkcs7-mime',
  'application/protobuf',
  'application/rss+xml',
  'application/truetype',
  'application/ttf',
  'application/vnd.apple.mpegurl',
  'application/vnd.mapbox-vector-tile',
  'application/vnd.ms-fontobject',
  'application/wasm',
  'application/xhtml+xml',
  'application/x-font-opentype',
  'application/x-font-truetype',
  'application/x-font-ttf',
  'application/x-httpd-cgi',
  'application/x-javascript',
  'application/x-mpegurl',
  'application/x-opentype',
  'application/x-otf',
  'application/x-perl',
  'application/x-ttf',
  'application/xml',
  'font/eot',
  'font/opentype',
  'font/otf',
  'font/ttf',
  'image/svg+xml',
  'multipart/bag',
  'multipart/mixed',
  'text/css',
  'text/csv',
  'text/html',
  'text/javascript',
  'text/js',
  'text/plain',
  'text/richtext',
  'text/tab-separated-values',
  'text/x-component',
  'text/x-java-source',
  'text/x-script',
  'text/xml',
  'vnd.apple.mpegurl',
]

/** Not in CloudFront's list, and of the same kind: text, or tables of numbers. */
const OURS: readonly string[] = [
  'application/ecmascript',
  'application/graphql',
  'application/sql',
  'application/toml',
  'application/x-ndjson',
  'application/x-protobuf',
  'application/x-sh',
  'application/yaml',
  'image/bmp',
  'image/vnd.microsoft.icon',
  'image/x-icon',
  'model/gltf-binary',
  'model/obj',
]

const COMPRESSIBLE: ReadonlySet<string> = new Set([...CLOUDFRONT, ...OURS])

/**
 * Whether bodies of a media type are worth encoding: CloudFront's list, the rest of `text/`, and whatever
 * is JSON, XML or YAML beneath (RFC 6839, RFC 9512). Not `text/event-stream`: an encoder would hold back
 * what has to arrive at once.
 *
 * @param contentType value of `Content-Type`, parameters and all
 */
export function isCompressibleType(contentType: string | undefined): boolean {
  const [type = ''] = (contentType ?? '').split(';', 1)
  const essence = type.trim().toLowerCase()
  if (COMPRESSIBLE.has(essence)) return true
  if (/^(application|image|model)\/.+\+(json|xml|yaml)$/.test(essence)) return true
  return essence.startsWith('text/') && essence !== 'text/event-stream'
}

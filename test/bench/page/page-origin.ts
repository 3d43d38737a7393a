import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** How many of each a page has: 200 together. */
const COUNTS = { style: 20, script: 30, picture: 150 } as const
type Kind = keyof typeof COUNTS

/** What a page has beside itself. */
export const SUB_RESOURCES = COUNTS.style + COUNTS.script + COUNTS.picture

/** The page, and all that it needs. */
export const PAGE_PATHS: readonly string[] = [
  '/page',
  ...Object.entries(COUNTS).flatMap(([kind, count]) =>
    Array.from({ length: count }, (_, number) => `/${kind}/${number}`),
  ),
]

/** Smallest body of each kind and how much larger the largest is, bytes. */
const BYTES = { style: [1_000, 15_000], script: [2_000, 40_000], picture: [1_000, 30_000] } as const

/** One pixel; what comes after a picture's end is nobody's concern (PNG §5.6). */
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

/** An origin of one page, `/page`. */
export interface PageOrigin extends AsyncDisposable {
  port: number
}

/** Serves a page and all that it needs, fresh for an hour and of types that are compressed by nobody here. */
export async function startPageOrigin(): Promise<PageOrigin> {
  const server = createServer((request, response) => {
    const found = resourceAt(request.url ?? '')
    if (found === undefined) return void response.writeHead(404).end()
    const [type, body] = found
    response.writeHead(200, {
      'Content-Type': type,
      'Content-Length': body.byteLength,
      // Who would compress it on its way compares with nobody.
      'Cache-Control': 'public, max-age=3600, no-transform',
      ETag: `"${request.url}"`,
    })
    response.end(body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Media type and body of a path; `undefined` where there is nothing. */
export function resourceAt(path: string): [type: string, body: Buffer] | undefined {
  if (path === '/page') return ['text/html', Buffer.from(html())]
  if (path === '/favicon.ico') return ['image/png', PIXEL]
  const [, kind = '', number = ''] = /^\/(style|script|picture)\/(\d+)$/.exec(path) ?? []
  switch (kind) {
    case 'style':
      return ['text/css', padded(`.c${number}{color:#123456}/*`, bytesOf(kind, Number(number)), '*/')]
    case 'script':
      return [
        'text/javascript',
        padded('window.ran=(window.ran||0)+1/*', bytesOf(kind, Number(number)), '*/'),
      ]
    case 'picture':
      return ['image/png', Buffer.concat([PIXEL, Buffer.alloc(bytesOf(kind, Number(number)), 'selvedge')])]
    default:
      return undefined
  }
}

/** Sizes as they are in pages: many small ones, few large. The same each time. */
function bytesOf(kind: Kind, number: number): number {
  const [least, more] = BYTES[kind]
  const share = ((number * 7_919) % 1_000) / 1_000
  return Math.round(least + more * share ** 3)
}

function padded(start: string, bytes: number, end: string): Buffer {
  return Buffer.from(start + 'x'.repeat(bytes) + end)
}

function html(): string {
  const list = (kind: Kind, tag: (path: string) => string) =>
    Array.from({ length: COUNTS[kind] }, (_, number) => tag(`/${kind}/${number}`)).join('\n')
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A page of ${SUB_RESOURCES} parts</title>
${list('style', (path) => `<link rel="stylesheet" href="${path}">`)}
${list('script', (path) => `<script src="${path}" defer></script>`)}
</head><body>
${list('picture', (path) => `<img src="${path}" alt="" width="8" height="8">`)}
</body></html>`
}

import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { request } from 'undici'
import { HOST, type House } from './house.ts'
import { type Site, site } from './site.ts'

const DECODE: Record<string, (body: Buffer) => Buffer> = {
  br: brotliDecompressSync,
  gzip: gunzipSync,
  zstd: zstdDecompressSync,
}

/** What today's browsers accept. */
export const BROWSER = 'gzip, deflate, br, zstd'

/** Text as it is found: repetitive, not only repetition. */
export function prose(bytes: number, seed = 1): string {
  let word = seed
  let written = ''
  while (written.length < bytes) {
    word = (word * 48_271) % 2_147_483_647
    written += `<li class="entry" id="n${word % 5_000}">number ${word % 977}</li>\n`
  }
  return written.slice(0, bytes)
}

/** A site with one text of so many bytes, which answers 304 to whoever has it. */
export async function siteWith(
  body: string | Buffer,
  headers: Record<string, string> = {},
  status = 200,
): Promise<Site> {
  const origin = await site()
  origin.answers((asked, response) => {
    const all: Record<string, string> = {
      'content-type': 'text/html; charset=utf-8',
      'content-length': String(Buffer.byteLength(body)),
      'cache-control': 'max-age=60',
      etag: '"v1"',
      ...headers,
    }
    if (asked.headers['if-none-match'] === all.etag) response.writeHead(304, all).end()
    else response.writeHead(status, all).end(body)
  })
  return origin
}

export interface Raw {
  status: number
  headers: Record<string, string | undefined>
  body: Buffer
  /** The body as it was before it was encoded. */
  decoded: string
}

export async function get(house: House, path: string, headers: Record<string, string> = {}): Promise<Raw> {
  const response = await request(`http://127.0.0.1:${house.port}${path}`, {
    headers: { host: HOST, ...headers },
  })
  const body = Buffer.from(await response.body.arrayBuffer())
  const got = Object.fromEntries(
    Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
  )
  const decode = DECODE[got['content-encoding'] ?? '']
  const decoded = (decode === undefined ? body : decode(body)).toString()
  return { status: response.statusCode, headers: got, body, decoded }
}

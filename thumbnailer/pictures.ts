import { createHash } from 'node:crypto'
import sharp, { type OutputInfo } from 'sharp'

/** Sizes of pictures, CSS pixels. Small and large are Alexa's; full is the browser's window. */
export const SIZES = {
  small: { width: 111, height: 82 },
  large: { width: 201, height: 147 },
  full: { width: 1_024, height: 768 },
} as const

/** Formats of pictures, the one without which no client is first. */
export const FORMATS = {
  jpeg: { contentType: 'image/jpeg', extension: 'jpg' },
  webp: { contentType: 'image/webp', extension: 'webp' },
} as const

export type PictureSize = keyof typeof SIZES
export type PictureFormat = keyof typeof FORMATS

export const SIZE_NAMES = Object.keys(SIZES) as PictureSize[]
export const FORMAT_NAMES = Object.keys(FORMATS) as PictureFormat[]

/** A picture in one size and format. */
export interface Picture {
  size: PictureSize
  format: PictureFormat
  body: Buffer
  /** Of the body, 32 hex digits of SHA-256: its name in the store and its `ETag`. */
  digest: string
}

/**
 * All sizes and formats of a captured page. A page is wider than a picture's shape is: the bottom is
 * cut, never the top. sharp leaves out all metadata.
 */
export async function picturesOf(capture: Buffer): Promise<Picture[]> {
  const decoded = await sharp(capture).raw().toBuffer({ resolveWithObject: true })
  const wanted = SIZE_NAMES.flatMap((size) => FORMAT_NAMES.map((format) => ({ size, format })))
  return Promise.all(wanted.map(({ size, format }) => pictureOf(decoded, size, format)))
}

async function pictureOf(
  { data, info }: { data: Buffer; info: OutputInfo },
  size: PictureSize,
  format: PictureFormat,
): Promise<Picture> {
  const { width, height, channels } = info
  const pixels = sharp(data, { raw: { width, height, channels } })
  const resized = pixels.resize({ ...SIZES[size], fit: 'cover', position: 'top' })
  const encoded = format === 'webp' ? resized.webp({ quality: 80, effort: 2 }) : resized.jpeg({ quality: 82 })
  const body = await encoded.toBuffer()
  return { size, format, body, digest: createHash('sha256').update(body).digest('hex').slice(0, 32) }
}

/** The format to answer with: WebP for who names it (and doesn't refuse it), JPEG for anybody else. */
export function formatFor(accept: string | undefined): PictureFormat {
  const webp = /(?:^|,)\s*image\/webp\s*(;[^,]*)?(?=,|$)/i.exec(accept ?? '')
  if (webp === null) return 'jpeg'
  const refused = /;\s*q=0(\.0*)?\s*(;|$)/i.test(webp[1] ?? '')
  return refused ? 'jpeg' : 'webp'
}

import sharp, { type Sharp } from 'sharp'

/**
 * Sizes of pictures, CSS pixels. Small and large are Alexa's; `full` is all that was captured, cut and
 * enlarged nowhere.
 */
export const SIZES = {
  small: { width: 111, height: 82 },
  large: { width: 201, height: 147 },
  '400x300': { width: 400, height: 300 },
  '800x600': { width: 800, height: 600 },
  full: undefined,
} as const

/** Pixels of the picture for each CSS pixel: 2 is for dense screens. */
export const SCALES = [1, 2] as const

/** Formats of pictures, those that cost least to make first. */
export const FORMATS = {
  webp: { contentType: 'image/webp', extension: 'webp' },
  jpeg: { contentType: 'image/jpeg', extension: 'jpg' },
  avif: { contentType: 'image/avif', extension: 'avif' },
  png: { contentType: 'image/png', extension: 'png' },
} as const

export type PictureSize = keyof typeof SIZES
export type PictureScale = (typeof SCALES)[number]
export type PictureFormat = keyof typeof FORMATS

export const SIZE_NAMES = Object.keys(SIZES) as PictureSize[]
export const FORMAT_NAMES = Object.keys(FORMATS) as PictureFormat[]

/** Which picture of a capture. */
export interface Cut {
  size: PictureSize
  scale: PictureScale
  format: PictureFormat
}

/** Every picture that a capture can give. */
export const CUTS: readonly Cut[] = SIZE_NAMES.flatMap((size) =>
  SCALES.flatMap((scale) => FORMAT_NAMES.map((format) => ({ size, scale, format }))),
)

/** Those that are made with the capture, as nearly everybody asks for them; the others when first asked for. */
export const FIRST_CUTS: readonly Cut[] = (['small', 'large'] as const).flatMap((size) =>
  (['webp', 'jpeg'] as const).map((format) => ({ size, scale: 1 as const, format })),
)

/**
 * Pixels for each CSS pixel that a capture needs so that a picture of it is not enlarged. Twice as many
 * cost 40 % more CPU, and small pictures for dense screens do without.
 *
 * @param windowWidth CSS pixels
 */
export function densityFor({ size, scale }: Cut, windowWidth: number): 1 | 2 {
  const width = SIZES[size]?.width ?? windowWidth
  return width * scale > windowWidth ? 2 : 1
}

/** Changes when the same capture gives other bytes than before, and with it names and tags of pictures. */
const RECIPE = 1

/** The picture's file name beside its capture, and its `ETag`: content-addressed by the capture's digest. */
export function cutName(digest: string, { size, scale, format }: Cut): string {
  return `${digest}-${size}-${scale}-${RECIPE}.${FORMATS[format].extension}`
}

/** A captured page. */
export interface Capture {
  jpeg: Buffer
  /** Its pixels for each CSS pixel. */
  scale: number
}

/**
 * One picture of a capture. A page is higher than the picture's shape, or wider: the bottom or both
 * sides are cut, never the top. sharp leaves out all metadata and turns colours into sRGB.
 */
export async function pictureOf(capture: Capture, cut: Cut): Promise<Buffer> {
  const pixels = sharp(capture.jpeg)
  const box = SIZES[cut.size]
  if (box !== undefined) {
    const [width, height] = [box.width * cut.scale, box.height * cut.scale]
    pixels.resize({ width, height, fit: 'cover', position: 'top' })
  } else if (cut.scale < capture.scale) {
    const { width } = await sharp(capture.jpeg).metadata()
    pixels.resize({ width: Math.round((width * cut.scale) / capture.scale) })
  }
  return encoded(pixels, cut.format).toBuffer()
}

function encoded(pixels: Sharp, format: PictureFormat): Sharp {
  switch (format) {
    case 'webp':
      return pixels.webp({ quality: 80, effort: 2 })
    case 'avif':
      return pixels.avif({ quality: 55, effort: 2 })
    case 'png':
      return pixels.png({ compressionLevel: 8 })
    case 'jpeg':
      return pixels.jpeg({ quality: 82, mozjpeg: false })
  }
}

/**
 * The format to answer with: the one that `Accept` names and likes best, of equals the first of
 * `FORMATS`; JPEG for who names none, as `image/*` is also sent by what knows nothing newer.
 */
export function formatFor(accept: string | undefined): PictureFormat {
  const named = (accept ?? '').split(',').flatMap((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    const format = FORMAT_NAMES.find((name) => FORMATS[name].contentType === type)
    const q = parameters.find((parameter) => parameter.startsWith('q='))
    const weight = q === undefined ? 1 : Number(q.slice(2))
    return format !== undefined && weight > 0 ? [{ format, weight }] : []
  })
  const best = Math.max(...named.map(({ weight }) => weight))
  return (
    FORMAT_NAMES.find((name) => named.some((one) => one.format === name && one.weight === best)) ?? 'jpeg'
  )
}

/** A neutral picture of the size that was asked for, for as long as there is no other. */
export async function placeholder({ size, scale, format }: Cut): Promise<Buffer> {
  const box = SIZES[size] ?? { width: 1_024, height: 768 }
  const [width, height] = [box.width * scale, box.height * scale]
  // A page's outline, in greys that sit on dark and on light: a bar above, a picture, lines of text.
  const bar = (x: number, y: number, across: number, down: number, fill: string) =>
    `<rect x="${x}%" y="${y}%" width="${across}%" height="${down}%" rx="${height / 60}" fill="${fill}"/>`
  const outline = [
    bar(0, 0, 100, 12, '#cdd1d8'),
    bar(10, 24, 34, 34, '#cdd1d8'),
    ...[bar(50, 27, 40, 5, '#b9bec6'), bar(50, 39, 32, 5, '#b9bec6'), bar(50, 51, 36, 5, '#b9bec6')],
    ...[bar(10, 68, 80, 5, '#b9bec6'), bar(10, 80, 64, 5, '#b9bec6')],
  ]
  const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
<rect width="100%" height="100%" fill="#e4e7ec"/>${outline.join('')}</svg>`
  return encoded(sharp(Buffer.from(drawing)), format).toBuffer()
}

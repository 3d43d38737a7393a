import sharp from 'sharp'
import { rgbaToThumbHash } from 'thumbhash'

/** What can be told of a capture without showing it. */
export interface Impression {
  /** The colour that most of it has, `#rrggbb`. */
  colour: string
  /** ThumbHash (evanw.github.io/thumbhash) in Base64: a blur of 25 bytes to show until the picture is there. */
  thumbhash: string
  /** Nothing but one colour. */
  isUniform: boolean
}

/** ThumbHash takes up to 100 pixels a side; a window has this shape at 100×75. */
const SIDE_MAX = 100

/** How far pixels of one colour may be apart (JPEG makes some noise), standard deviation of 255. */
const DEVIATION_MAX = 1.2

/** @param jpeg a captured page */
export async function impressionOf(jpeg: Buffer): Promise<Impression> {
  const { data, info } = await sharp(jpeg)
    .resize({ width: SIDE_MAX, height: SIDE_MAX, fit: 'inside' })
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  const { width, height, channels } = info
  const { dominant, channels: spread } = await sharp(data, { raw: { width, height, channels } }).stats()
  const hex = [dominant.r, dominant.g, dominant.b].map((value) => value.toString(16).padStart(2, '0'))
  return {
    colour: `#${hex.join('')}`,
    thumbhash: Buffer.from(rgbaToThumbHash(width, height, data)).toString('base64'),
    isUniform: spread.slice(0, 3).every(({ stdev }) => stdev <= DEVIATION_MAX),
  }
}

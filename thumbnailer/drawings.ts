import type { Logger } from 'pino'
import sharp from 'sharp'
import { drawPage } from './browser/draw.ts'
import type { BrowserKeeper } from './browser/keeper.ts'
import type { Problem } from './problem.ts'
import type { Turns } from './turns.ts'

/** Draws pages of our own making, such as cards for links. */
export interface Drawings {
  /** @returns JPEG of 1200×630 pixels */
  draw(html: string): Promise<Buffer | { problem: Problem }>
}

export function createDrawings(options: {
  turns: Turns
  keeper: Pick<BrowserKeeper, 'use'>
  log: Logger
}): Drawings {
  const { turns, keeper, log } = options

  async function drawn(html: string): Promise<Buffer | { problem: Problem }> {
    try {
      const png = await keeper.use((seat) => drawPage(seat, html))
      // Letters on flat colours: without it their edges bleed.
      return await sharp(png).jpeg({ quality: 88, chromaSubsampling: '4:4:4' }).toBuffer()
    } catch (error) {
      log.warn({ error: String(error) }, 'a drawing failed')
      return { problem: { code: 'browser-failed', detail: 'The drawing failed.', retryAfterSeconds: 5 } }
    }
  }

  return {
    async draw(html) {
      const made = await turns.take({ host: 'drawings.invalid', isUrgent: true }, () => drawn(html))
      if (made !== undefined) return made
      const detail = 'Too many pages wait to be rendered; ask again in a while.'
      return { problem: { code: 'busy', detail, retryAfterSeconds: 10 } }
    },
  }
}

import { readFile } from 'node:fs/promises'
import type { FastifyInstance } from 'fastify'

const CSS = 'text/css; charset=utf-8'
const SCRIPT = 'text/javascript; charset=utf-8'

/** What a page needs besides itself: everything in `assets/`, and the charts' library as npm has it. */
const ASSETS: Readonly<Record<string, { type: string; from: string }>> = {
  'frame.css': { type: CSS, from: './assets/frame.css' },
  'tables.css': { type: CSS, from: './assets/tables.css' },
  'ranking.css': { type: CSS, from: './assets/ranking.css' },
  'site.css': { type: CSS, from: './assets/site.css' },
  'chart.css': { type: CSS, from: './assets/chart.css' },
  'words.css': { type: CSS, from: './assets/words.css' },
  'live.css': { type: CSS, from: './assets/live.css' },
  'mark.svg': { type: 'image/svg+xml; charset=utf-8', from: './assets/mark.svg' },
  'charts.js': { type: SCRIPT, from: './assets/charts.js' },
  'live.js': { type: SCRIPT, from: './assets/live.js' },
  'uplot.js': { type: SCRIPT, from: 'uplot/dist/uPlot.esm.js' },
  'uplot.css': { type: CSS, from: 'uplot/dist/uPlot.min.css' },
}

/** How long a browser keeps them, seconds; after an upgrade they are asked for by their tag. */
const KEEP_SECONDS = 300

/** `GET /assets/…`: read once, when the program starts. */
export async function addAssets(app: FastifyInstance): Promise<void> {
  for (const [name, { type, from }] of Object.entries(ASSETS)) {
    const text = await readFile(new URL(import.meta.resolve(from)), 'utf8')
    app.get(`/assets/${name}`, { schema: { hide: true } }, async (_request, reply) =>
      reply.type(type).header('Cache-Control', `public, max-age=${KEEP_SECONDS}`).send(text),
    )
  }
}

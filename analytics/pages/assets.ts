import { readFile } from 'node:fs/promises'
import type { FastifyInstance } from 'fastify'

/** What a page needs besides itself: everything in `assets/`. */
const ASSETS = {
  'style.css': 'text/css; charset=utf-8',
  'mark.svg': 'image/svg+xml; charset=utf-8',
} as const

/** How long a browser keeps them, seconds; after an upgrade they are asked for by their tag. */
const KEEP_SECONDS = 300

/** `GET /assets/…`: read once, when the program starts. */
export async function addAssets(app: FastifyInstance): Promise<void> {
  for (const [name, type] of Object.entries(ASSETS)) {
    const text = await readFile(new URL(`assets/${name}`, import.meta.url), 'utf8')
    app.get(`/assets/${name}`, { schema: { hide: true } }, async (_request, reply) =>
      reply.type(type).header('Cache-Control', `public, max-age=${KEEP_SECONDS}`).send(text),
    )
  }
}

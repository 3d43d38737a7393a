/**
 * `npm run show:contact-sheet`: pictures of pages of many kinds, as the thumbnailer makes them, on one
 * sheet to be looked at. The pages are in `pages/`; the sheet goes to `contact-sheet.png` in the folder
 * for temporary files, or where the first argument says.
 */

import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import mime from 'mime'
import sharp from 'sharp'
import { listenOn } from '../../../edge/program/admin.ts'
import { startThumbnailer } from '../../thumbnailer/program.ts'

const PAGES = fileURLToPath(new URL('./pages/', import.meta.url))

/** What is on the sheet: file, what is looked for, and parameters other than the usual ones. */
const SHEET: readonly { file: string; shows: string; but?: Record<string, string> }[] = [
  { file: 'docs.html', shows: 'Documentation' },
  { file: 'deck.html', shows: 'Deck, fades in' },
  { file: 'code.html', shows: 'Code' },
  { file: 'late.html', shows: 'Drawn late by a script' },
  { file: 'cjk.html', shows: 'Japanese, Chinese, Korean' },
  { file: 'arabic.html', shows: 'Arabic' },
  { file: 'hebrew.html', shows: 'Hebrew' },
  { file: 'devanagari.html', shows: 'Devanagari' },
  { file: 'emoji.html', shows: 'Emoji' },
  { file: 'dark.html', shows: 'scheme=light' },
  { file: 'dark.html', shows: 'scheme=dark', but: { scheme: 'dark' } },
  { file: 'lazy.html', shows: 'Lazy images that fade in' },
  { file: 'cookie.html', shows: 'Two consent banners, hidden' },
  { file: 'login.html', shows: 'Nothing but a login' },
  { file: 'svg.html', shows: 'SVG' },
  { file: 'canvas.html', shows: 'Canvas' },
  { file: 'webgl.html', shows: 'WebGL' },
  { file: 'data.json', shows: 'JSON' },
  { file: 'plain.txt', shows: 'Plain text' },
  { file: 'long.html', shows: 'Whole page', but: { extent: 'page', size: 'full', scale: '1' } },
]

const COLUMNS = 4
const CELL = { width: 400, height: 300, caption: 44, gap: 24 }

const server = createServer(
  (request, response) =>
    void answer(request.url ?? '/').then((got) => {
      setTimeout(
        () => response.writeHead(got.status, { 'Content-Type': got.type }).end(got.body),
        got.delayMs,
      )
    }),
)

async function answer(path: string) {
  const drawn = /^\/image\/(\d+)\.svg$/.exec(path)
  // Pictures come late, as they do from far away.
  if (drawn !== null)
    return { status: 200, type: 'image/svg+xml', body: landscape(Number(drawn[1])), delayMs: 150 }
  const file = path.slice(1)
  if (!SHEET.some((one) => one.file === file))
    return { status: 404, type: 'text/plain', body: '', delayMs: 0 }
  const type = `${mime.getType(file)}; charset=utf-8`
  return { status: 200, type, body: await readFile(join(PAGES, file)), delayMs: 0 }
}

/** A shore at some time of the day. */
function landscape(seed: number): string {
  const hue = (seed * 47) % 360
  const sun = 60 + ((seed * 83) % 280)
  return `<svg xmlns="http://www.w3.org/2000/svg" width="800" height="600" viewBox="0 0 400 300" preserveAspectRatio="none">
<defs><linearGradient id="s" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="hsl(${hue} 60% 42%)"/><stop offset="1" stop-color="hsl(${(hue + 45) % 360} 80% 82%)"/></linearGradient></defs>
<rect width="400" height="300" fill="url(#s)"/><circle cx="${sun}" cy="${90 + ((seed * 31) % 60)}" r="26" fill="#fff6d8" opacity=".9"/>
<path d="M0 210 Q 100 ${160 + (seed % 5) * 8} 200 205 T 400 190 V300 H0Z" fill="hsl(${(hue + 190) % 360} 35% 32%)"/>
<path d="M0 250 Q 120 ${215 + (seed % 4) * 6} 240 246 T 400 238 V300 H0Z" fill="hsl(${(hue + 200) % 360} 40% 20%)"/></svg>`
}

await using site = await listenOn(server, { host: '127.0.0.1', port: 0 }, 'pages', 'none')
await using thumbnailer = await startThumbnailer(site, { rendersPerSite: 1_000 })

const cells = await Promise.all(
  SHEET.map(async ({ file, shows, but }) => {
    const begunMs = performance.now()
    const query = { url: `http://docs.example/${file}`, size: '400x300', scale: '2', format: 'png', ...but }
    const answered = await thumbnailer.ask(query)
    const seconds = ((performance.now() - begunMs) / 1_000).toFixed(1)
    const kind = answered.headers.get('selvedge-kind') ?? ''
    const body = Buffer.from(await answered.arrayBuffer())
    process.stdout.write(`${answered.status}  ${seconds.padStart(5)} s  ${kind.padEnd(8)}  ${shows}\n`)
    return { shows: kind === 'page' ? shows : `${shows} (${kind})`, body: answered.ok ? body : undefined }
  }),
)

const pitch = { x: CELL.width + CELL.gap, y: CELL.height + CELL.caption + CELL.gap }
const rows = Math.ceil(cells.length / COLUMNS)
const width = COLUMNS * pitch.x + CELL.gap
const height = rows * pitch.y + CELL.gap
const placed = await Promise.all(
  cells.flatMap(({ shows, body }, at) => {
    const [left, top] = [CELL.gap + (at % COLUMNS) * pitch.x, CELL.gap + Math.floor(at / COLUMNS) * pitch.y]
    const caption = `<svg xmlns="http://www.w3.org/2000/svg" width="${CELL.width}" height="${CELL.caption}"><text x="2" y="28" font-family="Arimo, sans-serif" font-size="18" fill="#333">${shows}</text></svg>`
    const below = { input: Buffer.from(caption), left, top: top + CELL.height }
    if (body === undefined) return [below]
    const { width: w, height: h } = CELL
    const background = '#e2e4e9'
    const shown = sharp(body).resize({ width: w, height: h, fit: 'contain', position: 'top', background })
    return [shown.toBuffer().then((input) => ({ input, left, top })), below]
  }),
)
const path = process.argv[2] ?? join(tmpdir(), 'contact-sheet.png')
await sharp({ create: { width, height, channels: 3, background: '#eceef1' } })
  .composite(placed)
  .png()
  .toFile(path)
process.stdout.write(`${cells.length} pictures on ${path}\n`)

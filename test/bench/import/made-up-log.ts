import { once } from 'node:events'
import { createWriteStream } from 'node:fs'

const DAY_MS = 86_400_000

/** Over how much time the log goes: two weeks. */
const SPAN_MS = 14 * DAY_MS

const ADDRESSES = 60_000
const PAGES = 4_000
const PARTS = 900
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** Shares of what is asked for: pages, their parts, an API, what isn't there, and a form. */
const KINDS = ['page', 'page', 'part', 'part', 'part', 'part', 'part', 'api', 'missing', 'form'] as const

const PART_ENDS = ['css', 'js', 'webp', 'png', 'woff2', 'svg', 'jpg', 'ico']

const REFERERS = [
  '-',
  'https://www.google.com/',
  'https://duckduckgo.com/',
  'https://news.ycombinator.com/',
  'https://www.example.com/',
  'https://www.example.com/articles/',
]

const ROBOTS = [
  'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
  'Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)',
  'Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)',
  'curl/8.5.0',
  'python-requests/2.32.3',
]

/**
 * Writes a log in Apache's combined format: the same bytes for the same lines and time. A few viewers ask
 * much and many little, and so it is with what they ask for.
 *
 * @param fromMs the log's first moment, Unix ms
 * @returns bytes
 */
export async function writeMadeUpLog(file: string, lines: number, fromMs: number): Promise<number> {
  const output = createWriteStream(file)
  let bytes = 0
  let text = ''
  for (const line of madeUpLines(lines, fromMs)) {
    text += line
    if (text.length < 1_048_576) continue
    bytes += text.length
    if (!output.write(text, 'latin1')) await once(output, 'drain')
    text = ''
  }
  bytes += text.length
  output.end(text, 'latin1')
  await once(output, 'finish')
  return bytes
}

function* madeUpLines(lines: number, fromMs: number): Generator<string> {
  // A small congruential generator (Park and Miller's).
  let state = 20_261_126
  const below = (limit: number) => {
    state = (state * 48_271) % 2_147_483_647
    return state % limit
  }
  const unevenly = (limit: number) =>
    Math.floor((below(limit) * (below(limit) / limit) * below(limit)) / limit)
  const agents = Array.from({ length: 400 }, (_, at) => agentOf(at))

  for (let at = 0; at < lines; at += 1) {
    const timeMs = fromMs + Math.floor((at / lines) * SPAN_MS)
    const viewer = unevenly(ADDRESSES)
    // Addresses all over IPv4's unicast space, so that they are of many countries.
    const mixed = (viewer * 2_654_435_761) >>> 0
    const address = `${1 + ((mixed >>> 24) % 220)}.${(mixed >>> 16) & 255}.${(mixed >>> 8) & 255}.${mixed & 255}`
    const kind = KINDS[below(KINDS.length)] ?? 'page'
    const isRobot = below(12) === 0
    const agent = isRobot ? ROBOTS[viewer % ROBOTS.length] : agents[viewer % agents.length]
    const { method, path, status } = askedFor(
      kind,
      kind === 'part' ? unevenly(PARTS) : unevenly(PAGES),
      below(50),
    )
    const bytes = status === 304 ? 0 : 180 + unevenly(kind === 'part' ? 400_000 : 60_000)
    const referer = kind === 'part' ? REFERERS[4] : REFERERS[below(REFERERS.length)]
    yield `${address} - - [${timeText(timeMs)}] "${method} ${path} HTTP/${below(3) === 0 ? '1.1' : '2.0'}" ` +
      `${status} ${bytes} "${referer}" "${agent}"\n`
  }
}

function askedFor(kind: (typeof KINDS)[number], which: number, chance: number) {
  const status = chance < 3 ? 304 : 200
  switch (kind) {
    case 'page':
      return {
        method: 'GET',
        path: which === 0 ? '/' : `/articles/${which % 30}/story-${which}.html`,
        status,
      }
    case 'part':
      return {
        method: 'GET',
        path: `/static/file-${which}.${PART_ENDS[which % PART_ENDS.length]}?v=${which % 7}`,
        status,
      }
    case 'api':
      return { method: 'GET', path: `/api/v1/items.json?page=${which % 90}&sort=new`, status }
    case 'missing':
      return { method: 'GET', path: `/old/${which}.php`, status: chance < 25 ? 404 : 301 }
    case 'form':
      return { method: 'POST', path: '/search', status: chance < 1 ? 500 : 200 }
  }
}

function agentOf(at: number): string {
  const version = 100 + (at % 45)
  switch (at % 4) {
    case 0:
      return `Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:${version}.0) Gecko/20100101 Firefox/${version}.0`
    case 1:
      return `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version}.0.0.0 Safari/537.36`
    case 2:
      return `Mozilla/5.0 (iPhone; CPU iPhone OS 17_${at % 7} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.${at % 7} Mobile/15E148 Safari/604.1`
    default:
      return `Mozilla/5.0 (Linux; Android 14; Pixel ${at % 9}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version}.0.0.0 Mobile Safari/537.36`
  }
}

/** As `05/Oct/2026:13:55:36 +0000`. */
function timeText(timeMs: number): string {
  const iso = new Date(timeMs).toISOString()
  const month = MONTHS[Number(iso.slice(5, 7)) - 1]
  return `${iso.slice(8, 10)}/${month}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`
}

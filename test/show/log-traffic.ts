import { once } from 'node:events'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** Two sites: one whose viewers have browsers, and one whose viewers send whatever bytes they can. */
export const DISTRIBUTIONS = [
  { id: 'plain', host: 'plain.example', hasPlainAgents: true },
  { id: 'odd', host: 'odd.example', hasPlainAgents: false },
] as const

type Distribution = (typeof DISTRIBUTIONS)[number]

/** Connections to each site, and how many are open at a time. */
const CONNECTIONS = { plain: 300, odd: 3_000 } as const
const AT_ONCE = 12

/** Requests on each. What is no request ends its connection, so that odd ones have one of their own. */
const REQUESTS_EACH = { plain: 40, odd: 1 } as const

/** Every twentieth viewer leaves. */
const LEAVES_EVERY = 20

const METHODS = ['GET', 'GET', 'GET', 'GET', 'HEAD', 'OPTIONS', 'POST', 'DELETE']
const PATHS = ['/style.css', '/nothing/here', '/page1.html', '/page2.html', '/page19.html']

/** What viewers could put anywhere: each byte that a head may hold, raw and encoded, and some more. */
const ODD = [
  ...Array.from({ length: 256 }, (_, code) => code)
    .filter((code) => code > 32 && code !== 127)
    .map((code) => String.fromCharCode(code)),
  ...Array.from({ length: 256 }, (_, code) => `%${code.toString(16).padStart(2, '0')}`),
  ...['-', '%', '%zz', '\\t', '#', '?&=+', '<script>', '`|^~[]{}', '""', '%2525', '\xe6\x97\xa5'],
]

const pick = <T>(values: readonly T[], at: number) => values[at % values.length] as T

/** The head of a viewer's request. */
function requestOf({ host, hasPlainAgents }: Distribution, at: number, isLast: boolean): string {
  const odd = hasPlainAgents ? 'plain' : pick(ODD, at)
  const method = pick(METHODS, at)
  const path = at % 7 === 0 ? `/${odd}/page${at % 70}` : pick([...PATHS, `/page${at % 20}.html`], at)
  const agent = `Mozilla/5.0 (X11; Linux x86_64; rv:${100 + (at % 37)}.0) Gecko/20100101 Firefox/140.0`
  const fields = [
    `Host: ${host}`,
    `User-Agent: ${hasPlainAgents ? agent : `${agent} ${odd}`}`,
    ...(at % 3 === 0 ? [`Referer: https://from.example/${odd}?q=${odd}`] : []),
    ...(at % 11 === 0 ? ['Range: bytes=10-99'] : []),
    ...(at % 13 === 0 ? ['If-Modified-Since: Sat, 01 Jan 2050 00:00:00 GMT'] : []),
    ...(method === 'POST' ? ['Content-Length: 5'] : []),
    ...(isLast ? ['Connection: close'] : []),
  ]
  const query = at % 2 === 0 ? `?q=${odd}` : ''
  return `${method} ${path}${query} HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n${method === 'POST' ? 'hello' : ''}`
}

/**
 * Has both sites asked for everything, over plain and encrypted connections, from 200 networks of loopback.
 *
 * @returns how many requests each was sent
 */
export async function askForAll(ports: {
  httpPort: number
  httpsPort: number
}): Promise<Map<string, number>> {
  const sent = new Map<string, number>()
  const tasks = DISTRIBUTIONS.flatMap((distribution) =>
    Array.from({ length: CONNECTIONS[distribution.id] }, (_, at) => ({ distribution, at })),
  )
  const next = tasks.values()
  const asking = async () => {
    for (const { distribution, at } of next) {
      const requests = await askOnce(ports, distribution, at)
      sent.set(distribution.id, (sent.get(distribution.id) ?? 0) + requests)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, asking))
  return sent
}

/** One connection: most ask and read to the end, some leave in the middle of a film, or before there is an answer. */
async function askOnce(
  { httpPort, httpsPort }: { httpPort: number; httpsPort: number },
  distribution: Distribution,
  at: number,
): Promise<number> {
  const isEncrypted = at % (distribution.hasPlainAgents ? 3 : 17) === 1
  const where = { host: '127.0.0.1', localAddress: `127.0.${at % 200}.${1 + (at % 250)}` }
  const socket = isEncrypted
    ? connectTls({ ...where, port: httpsPort, servername: distribution.host, rejectUnauthorized: false })
    : connect({ ...where, port: httpPort })
  socket.on('error', () => undefined)
  await once(socket, isEncrypted ? 'secureConnect' : 'connect')
  if (at % LEAVES_EVERY === 0) {
    const path = at % (2 * LEAVES_EVERY) === 0 ? '/film.mp4' : `/slow?${at}`
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: ${distribution.host}\r\nUser-Agent: Mozilla/5.0 Firefox/140.0\r\n\r\n`,
    )
    if (path === '/film.mp4') await once(socket, 'data')
    else await new Promise((resolve) => setTimeout(resolve, 300))
    socket.destroy()
    return 1
  }
  const each = REQUESTS_EACH[distribution.id]
  const requests = Array.from({ length: each }, (_, index) =>
    requestOf(distribution, at * each + index, index === each - 1),
  )
  socket.write(requests.join(''), 'latin1')
  socket.resume()
  await once(socket, 'close')
  return requests.length
}

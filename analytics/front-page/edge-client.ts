import { Agent, buildConnector, type Dispatcher, request } from 'undici'
import { z } from 'zod'

const port = z.int().min(1).max(65_535)

/** Where the edge is. */
export const edgeAddress = z.strictObject({
  host: z.string().min(1).describe('Name or address of an edge, as seen from this machine.'),
  httpPort: port.describe('Its port without TLS.'),
  httpsPort: port.optional().describe('Its port with TLS; without it `https:` is not read.'),
})

export type EdgeAddress = z.infer<typeof edgeAddress>

/** The name that a site's robots.txt knows us by. */
export const AGENT_NAME = 'Selvedge-site-bot'

/**
 * What we say we are. `bot` makes it a program to our own log too, so that it is no page view and no visitor, only
 * a request.
 */
export const USER_AGENT = `${AGENT_NAME}/1.0`

/** How long one answer may take altogether, ms. */
const ANSWER_MS_MAX = 5_000

const CONNECTIONS_MAX = 4

/** An answer, of its body the first bytes. */
export interface Answer {
  url: URL
  status: number
  /** Lower case, without parameters. */
  type: string
  /** As in `Content-Type`, or ''. */
  charset: string
  location: string
  body: Buffer
}

/** Asks for pages of fronted sites. */
export interface EdgeClient extends AsyncDisposable {
  /** @throws whatever a connection can end with */
  get(url: URL, accept: string, bytesMax: number): Promise<Answer>
}

/**
 * Whatever is asked for, every connection goes to the edge: no name is looked up, no other address reached. Who
 * isn't fronted gets the edge's own error.
 */
export function connectEdge(edge: EdgeAddress): EdgeClient {
  // Only the edge is there, and its certificate may be one that it made itself.
  const connect = buildConnector({ rejectUnauthorized: false, allowH2: false, timeout: ANSWER_MS_MAX })
  const agent = new Agent({
    connections: CONNECTIONS_MAX,
    connect(options, callback) {
      const to = options.protocol === 'https:' ? edge.httpsPort : edge.httpPort
      if (to === undefined) return callback(new Error('the edge has no port with TLS'), null)
      connect({ ...options, hostname: edge.host, host: options.hostname, port: String(to) }, callback)
    },
  })
  return {
    async get(url, accept, bytesMax) {
      const answer = await request(url, {
        dispatcher: agent,
        headers: {
          accept,
          // What is packed could be unpacked to any size.
          'accept-encoding': 'identity',
          'user-agent': USER_AGENT,
        },
        signal: AbortSignal.timeout(ANSWER_MS_MAX),
      })
      return { url, ...readHead(answer), body: await readAtMost(answer.body, bytesMax) }
    },
    [Symbol.asyncDispose]: () => agent.destroy(),
  }
}

function readHead({ statusCode: status, headers }: Dispatcher.ResponseData) {
  const header = (name: string) => [headers[name] ?? ''].flat()[0] ?? ''
  const isPacked = !/^(identity)?$/i.test(header('content-encoding'))
  const [type = '', ...parameters] = header('content-type').split(';')
  const charset = parameters.flatMap((one) => /^\s*charset\s*=\s*"?([^"\s]+)/i.exec(one)?.[1] ?? [])[0] ?? ''
  return {
    status,
    type: isPacked ? 'packed' : type.trim().toLowerCase(),
    charset,
    location: header('location'),
  }
}

/** The first bytes; the rest is not waited for. */
async function readAtMost(body: Dispatcher.ResponseData['body'], bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    length += chunk.length
    if (length >= bytesMax) break
  }
  // Nobody listens any more for the error that a body destroyed half way emits.
  body.once('error', () => undefined).destroy()
  return Buffer.concat(chunks).subarray(0, bytesMax)
}

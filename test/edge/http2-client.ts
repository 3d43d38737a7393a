import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { selfSignedCertificate } from '../../deploy/certificate.ts'
import type { Http2Use } from '../../edge/listen/settings.ts'
import { HOST } from './house.ts'

/** What speaks HTTP/2 at the edge: both have to mean the same. */
export const HTTP2 = ['own', 'node'] as const satisfies readonly Http2Use[]

/** Files of a certificate for the test's one site. */
export interface CertificateFiles extends AsyncDisposable {
  tls: { cert: string; key: string }
}

export async function certificateFiles(): Promise<CertificateFiles> {
  const folder = await mkdtemp(join(tmpdir(), 'selvedge-tls-'))
  const { cert, key } = await selfSignedCertificate([HOST], folder)
  return {
    tls: { cert, key },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  }
}

/** What came back on one stream. */
export interface StreamReply {
  status: number
  /** Names and values in order, without `:status`. */
  fields: string[]
  headers: Record<string, string | undefined>
  interim: string[]
  body: string
}

/** What is asked, less what is usual. */
export interface Asked {
  method?: string
  path?: string
  /** In place of the site's own. */
  authority?: string
  /** Name, value, … */
  fields?: readonly string[]
  body?: Buffer | string
}

/** A viewer who speaks HTTP/2, over one connection. */
export interface Http2Client extends AsyncDisposable {
  session: ClientHttp2Session
  /** @throws when the stream was reset */
  ask(asked?: Asked): Promise<StreamReply>
  /** Begins a request, and leaves the rest to the caller. */
  begin(asked?: Asked): ClientHttp2Stream
}

/** Connects to an edge on this machine. */
export async function http2Client(port: number): Promise<Http2Client> {
  // What waits to be sent counts, and by default 10 MB of it has further streams refused.
  const maxSessionMemory = 1_000
  const session = connect(`https://127.0.0.1:${port}`, {
    rejectUnauthorized: false,
    servername: HOST,
    maxSessionMemory,
    // What is said twice is to be sent twice; the types know it of servers only.
    ...{ strictSingleValueFields: false },
  })
  session.on('error', () => undefined)
  await once(session, 'connect')

  function begin({ method = 'GET', path = '/', authority = HOST, fields = [], body }: Asked = {}) {
    const head = [':method', method, ':scheme', 'https', ':authority', authority, ':path', path, ...fields]
    const stream = session.request(head as never, { endStream: body === undefined })
    if (body !== undefined) stream.end(body)
    return stream
  }

  return {
    session,
    begin,
    ask: async (asked) => replyOn(begin(asked)),
    async [Symbol.asyncDispose]() {
      const closed = session.closed || once(session, 'close')
      session.destroy()
      await closed
    },
  }
}

/** Reads all of a stream. @throws when it was reset */
export async function replyOn(stream: ClientHttp2Stream): Promise<StreamReply> {
  const interim: string[] = []
  stream.on('headers', (headers) => interim.push(`${headers[':status']} ${headers.link ?? ''}`.trim()))
  const [headers, , raw] = (await once(stream, 'response')) as [Record<string, unknown>, number, string[]]
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  const fields = raw.slice(2)
  return {
    status: Number(headers[':status']),
    fields,
    headers: Object.fromEntries(
      Array.from({ length: fields.length / 2 }, (_, at) => [fields[at * 2], fields[at * 2 + 1]]),
    ),
    interim,
    body: Buffer.concat(chunks).toString('latin1'),
  }
}

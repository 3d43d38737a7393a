import { type ConnectionOptions, connect } from 'node:tls'

/** What a viewer saw of one connection and the answer to one request. */
export interface Visit {
  /** Names of the certificate it was shown, as `DNS:a.example`. */
  shown: string
  reused: boolean
  protocol: string
  /** To connect with again. */
  session: Buffer | undefined
  stapled: Buffer | undefined
  status: number
  text: string
}

/**
 * Connects, asks for `/page` and reads until the end.
 *
 * @param servername the name asked for (SNI); none when left out
 * @param host the request's `Host`; that name when left out
 * @throws when the handshake fails
 */
export async function visit(
  port: number,
  servername?: string,
  { host = servername ?? 'no.example', ...options }: ConnectionOptions & { host?: string } = {},
): Promise<Visit> {
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>()
  const socket = connect({
    ...options,
    ...(servername && { servername }),
    host: '127.0.0.1',
    port,
    rejectUnauthorized: false,
  })
  const seen: Partial<Visit> = {}
  let text = ''
  socket.on('session', (session) => {
    seen.session = session
  })
  socket.on('OCSPResponse', (response) => {
    seen.stapled = response
  })
  socket.on('secureConnect', () => {
    seen.shown = socket.getPeerX509Certificate()?.subjectAltName ?? ''
    seen.reused = socket.isSessionReused()
    seen.protocol = socket.getProtocol() ?? ''
    socket.write(`GET /page HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
  })
  socket.on('data', (chunk) => {
    text += chunk
  })
  socket.on('error', reject)
  socket.on('close', () => resolve())
  await ended
  return { ...seen, text, status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0) } as Visit
}

import type { Socket } from 'node:net'
import type { Pass } from './pass.ts'

/**
 * Answers `CONNECT host:port` (RFC 9110 §9.3.6): TLS, and WebSockets of any scheme. What passes is
 * counted and not looked into.
 */
export async function tunnel(
  pass: Pass,
  asked: { authority: string; socket: Socket; head: Buffer },
): Promise<void> {
  const { socket, head } = asked
  const target = readAuthority(asked.authority)
  if (target === undefined) {
    socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
    return
  }
  const outside = pass.admit(target.host, target.port) ?? (await pass.connect(target.host, target.port))
  if ('because' in outside) {
    // A name that isn't there or a host that doesn't answer is no wrong of who asks.
    const status = outside.because === 'unknown-name' || outside.because === 'unconnected' ? 502 : 403
    socket.end(`HTTP/1.1 ${status} ${outside.because}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
    return
  }
  outside.on('error', () => undefined) // 'close' follows
  outside.once('close', () => socket.destroy())
  socket.once('close', () => outside.destroy())
  if (socket.destroyed) {
    outside.destroy()
    return
  }
  outside.on('data', (chunk: Buffer) => pass.count(chunk.length))
  socket.on('data', (chunk: Buffer) => pass.count(chunk.length))
  socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
  if (head.length > 0) outside.write(head)
  outside.pipe(socket)
  socket.pipe(outside)
}

/** Host and port as `URL` writes them, so that all spellings of a host are judged alike. */
function readAuthority(authority: string): { host: string; port: number } | undefined {
  const port = /:(\d{1,5})$/.exec(authority)?.[1]
  const url = URL.parse(`http://${authority}/`)
  if (port === undefined || url === null || url.username !== '' || url.pathname !== '/') return undefined
  return { host: url.hostname, port: Number(port) }
}

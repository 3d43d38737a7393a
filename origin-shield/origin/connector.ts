import { buildConnector } from 'undici'
import { skipContinue } from './skip-continue.ts'

/**
 * Connects to an origin, over HTTP/1.1 only, skips `100 Continue`, and makes a connection that was *reset* a failure.
 *
 * undici takes a reset in a body that ends with its connection for the end of the body ("on Mac OS, we
 * get an ECONNRESET even if there is a full body"), so half an object would be stored as whole. Such a
 * body is complete unless the connection reported an error (RFC 9112 §8). undici knows a reset by its
 * code, so the error gets the code of the other broken connection, before undici hears of it.
 *
 * @param timeoutMs to connect, the TLS handshake included
 */
export function connectorFor(timeoutMs: number): buildConnector.connector {
  const connect = buildConnector({ timeout: timeoutMs, allowH2: false })
  return (options, connected) => {
    connect(options, (...result) => {
      const [, socket] = result
      socket?.prependListener('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'ECONNRESET') error.code = 'EPIPE'
      })
      if (socket !== null && socket !== undefined) skipContinue(socket)
      connected(...result)
    })
  }
}

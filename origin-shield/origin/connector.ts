import type { Socket } from 'node:net'
import { buildConnector } from 'undici'
import { shared, viewOf } from '../../edge/listen/shared-buffer.ts'
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
  const connect = connectorReadInto(timeoutMs)
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

/**
 * Without TLS, connections are read into one buffer for all. Node makes 64 KB for each read of its own, and what is
 * left of them weighs on the collector of garbage: a tenth of a shield's time where bodies are small.
 */
function connectorReadInto(timeoutMs: number): buildConnector.connector {
  const common = { timeout: timeoutMs, allowH2: false }
  const overTls = buildConnector(common)
  return (options, connected) => {
    if (options.protocol === 'https:') return overTls(options, connected)
    let socket: Socket | undefined
    const callback = (length: number) => socket?.push(ownCopy(viewOf(length))) ?? false
    // It goes on to `net.connect`, which undici's types don't say.
    const onread = { onread: { buffer: shared, callback } }
    buildConnector({ ...common, ...onread })(options, (...result) => {
      socket = result[1] ?? undefined
      connected(...result)
    })
  }
}

/** In memory of its own: a few bytes of a body that is long in coming would keep 64 KB of Node's pool each. */
function ownCopy(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.byteLength)
  bytes.copy(copy)
  return copy
}

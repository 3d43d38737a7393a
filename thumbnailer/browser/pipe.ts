import type { Readable, Writable } from 'node:stream'
import type { ConnectionTransport } from 'puppeteer-core'

/** Longest message that is read, bytes: the largest capture is less, and what is larger than a string may be ends the process. */
const MESSAGE_BYTES_MAX = 268_435_456

/**
 * The DevTools protocol over the two pipes of `--remote-debugging-pipe`: JSON messages, each ended by
 * a zero byte. Unlike a port nobody else can open it, and when we die the browser sees it close.
 */
export function pipeTransport(ends: { toBrowser: Writable; fromBrowser: Readable }): ConnectionTransport {
  const { toBrowser, fromBrowser } = ends
  let unfinished: Buffer[] = []
  let unfinishedBytes = 0

  const transport: ConnectionTransport = {
    send(message) {
      if (toBrowser.writable) toBrowser.write(`${message}\0`)
    },
    close() {
      toBrowser.end()
    },
  }

  /** A page may have the browser tell of something as long as it likes, what it posts for one: that is told to nobody. */
  function keep(part: Buffer): void {
    unfinishedBytes += part.byteLength
    if (unfinishedBytes > MESSAGE_BYTES_MAX) unfinished = []
    else if (part.byteLength > 0) unfinished.push(part)
  }

  function ended(): void {
    const message = unfinishedBytes > MESSAGE_BYTES_MAX ? undefined : Buffer.concat(unfinished)
    unfinished = []
    unfinishedBytes = 0
    if (message !== undefined) transport.onmessage?.(message.toString('utf8'))
  }

  fromBrowser.on('data', (chunk: Buffer) => {
    let start = 0
    for (let end = chunk.indexOf(0); end !== -1; end = chunk.indexOf(0, start)) {
      keep(chunk.subarray(start, end))
      ended()
      start = end + 1
    }
    keep(chunk.subarray(start))
  })
  fromBrowser.once('close', () => transport.onclose?.())
  // A pipe to a browser that was killed breaks; 'close' then says all that is to be said.
  toBrowser.on('error', () => undefined)
  fromBrowser.on('error', () => undefined)
  return transport
}

import type { Readable, Writable } from 'node:stream'
import type { ConnectionTransport } from 'puppeteer-core'

/**
 * The DevTools protocol over the two pipes of `--remote-debugging-pipe`: JSON messages, each ended by
 * a zero byte. Unlike a port nobody else can open it, and when we die the browser sees it close.
 */
export function pipeTransport(ends: { toBrowser: Writable; fromBrowser: Readable }): ConnectionTransport {
  const { toBrowser, fromBrowser } = ends
  let unfinished: Buffer[] = []

  const transport: ConnectionTransport = {
    send(message) {
      if (toBrowser.writable) toBrowser.write(`${message}\0`)
    },
    close() {
      toBrowser.end()
    },
  }
  fromBrowser.on('data', (chunk: Buffer) => {
    let start = 0
    for (let end = chunk.indexOf(0); end !== -1; end = chunk.indexOf(0, start)) {
      const message = Buffer.concat([...unfinished, chunk.subarray(start, end)]).toString('utf8')
      unfinished = []
      start = end + 1
      transport.onmessage?.(message)
    }
    if (start < chunk.length) unfinished.push(chunk.subarray(start))
  })
  fromBrowser.once('close', () => transport.onclose?.())
  // A pipe to a browser that was killed breaks; 'close' then says all that is to be said.
  toBrowser.on('error', () => undefined)
  fromBrowser.on('error', () => undefined)
  return transport
}

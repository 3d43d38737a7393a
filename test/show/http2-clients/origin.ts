import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { resourceAt } from '../../bench/page/page-origin.ts'
import { echoFrames } from './websocket-frames.ts'

const BLOCK = Buffer.from(Uint8Array.from({ length: 1_048_576 }, (_, at) => (at * at + 7 * at) % 251))
const BLOCKS = 1_024

/** What `/download` is. */
export const DOWNLOAD_BYTES = BLOCK.byteLength * BLOCKS

/** SHA-256 of it. */
export function downloadHash(): string {
  const hash = createHash('sha256')
  for (let at = 0; at < BLOCKS; at += 1) hash.update(BLOCK)
  return hash.digest('hex')
}

/** Its bytes added up, modulo 2^32. */
export function downloadSum(): number {
  return (BLOCK.reduce((sum, byte) => sum + byte, 0) * BLOCKS) % 2 ** 32
}

/** A part of `/kept`, of which parts are asked for. */
export function keptPart(first: number, last: number): Buffer {
  return BLOCK.subarray(first, last + 1)
}

/** An origin that takes uploads, has much to give, and speaks with whoever wants to. */
export interface ClientsOrigin extends AsyncDisposable {
  url: string
  /** SHA-256 of each upload, in order. */
  uploads: string[]
  /** Downloads that were left before they were whole. */
  readonly left: number
}

/**
 * Serves the page of the benchmark with its parts; `/upload` answers with the SHA-256 of what was sent; `/download`
 * has a gigabyte that nobody may keep, `/kept` a megabyte that everybody may; `/socket` is a WebSocket that says
 * again what it is told.
 */
export async function startClientsOrigin(): Promise<ClientsOrigin> {
  const uploads: string[] = []
  const upgraded = new Set<Duplex>()
  let left = 0
  const server = createServer((incoming, response) => {
    if (incoming.url === '/upload') takeUpload(incoming, response, uploads)
    else if (incoming.url?.startsWith('/download') === true) {
      response.on('close', () => {
        if (!response.writableFinished) left += 1
      })
      void download(response)
    } else if (incoming.url === '/kept') give(response, 'application/octet-stream', BLOCK)
    else {
      const found = resourceAt(incoming.url ?? '')
      if (found === undefined) response.writeHead(404).end()
      else give(response, ...found)
    }
  })
  server.on('upgrade', (incoming: IncomingMessage, socket: Duplex) => {
    const accept = createHash('sha1')
      .update(`${incoming.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64')
    const fields = `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n`
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${fields}\r\n`)
    upgraded.add(socket)
    socket.once('close', () => upgraded.delete(socket))
    echoFrames(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    uploads,
    get left() {
      return left
    },
    async [Symbol.asyncDispose]() {
      for (const socket of upgraded) socket.destroy()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function give(response: ServerResponse, type: string, body: Buffer): void {
  const headers = {
    'Content-Type': type,
    'Content-Length': body.byteLength,
    'Cache-Control': 'public, max-age=3600, no-transform',
    ETag: '"one"',
  }
  response.writeHead(200, headers).end(body)
}

function takeUpload(incoming: IncomingMessage, response: ServerResponse, uploads: string[]): void {
  const hash = createHash('sha256')
  incoming.on('data', (chunk: Buffer) => hash.update(chunk))
  incoming.on('error', () => undefined) // who left has uploaded nothing
  incoming.on('end', () => {
    const digest = hash.digest('hex')
    uploads.push(digest)
    response.writeHead(200, { 'Cache-Control': 'no-store', 'Content-Length': digest.length }).end(digest)
  })
}

async function download(response: ServerResponse): Promise<void> {
  response.writeHead(200, { 'Cache-Control': 'no-store', 'Content-Length': DOWNLOAD_BYTES })
  for (let at = 0; at < BLOCKS && !response.destroyed; at += 1) {
    if (!response.write(BLOCK)) {
      const over = new AbortController()
      const { signal } = over
      await Promise.race([once(response, 'drain', { signal }), once(response, 'close', { signal })])
      over.abort()
    }
  }
  response.end()
}

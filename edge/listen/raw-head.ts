import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Answer } from '../cache/answer.ts'

/** A short answer as bytes for a connection that node:http doesn't serve (any more); it ends there. */
export function rawHead(answer: Answer): string {
  const lines = [`HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}`]
  for (let at = 0; at < answer.fields.length; at += 2) {
    const name = answer.fields[at] as string
    if (name.toLowerCase() !== 'connection') lines.push(`${name}: ${answer.fields[at + 1]}`)
  }
  return `${lines.join('\r\n')}\r\nConnection: close\r\n\r\n${answer.body ?? ''}`
}

/** How long the other side may take to read our last words and close, ms. */
const LINGER_MS_MAX = 1_000

/** Writes last words on a connection, and sees to it that it ends: half of one is a connection still. */
export function endWith(socket: Socket, words: string): void {
  if (!socket.writable) return
  socket.on('error', () => socket.destroy())
  socket.setTimeout(LINGER_MS_MAX, () => socket.destroy())
  socket.end(words)
}

/**
 * Ends our half of a connection, and the other once it has been read to its end: to close over bytes that
 * nobody has read resets it, and the viewer may lose what is on its way (RFC 9112 §9.6).
 */
export function endGently(socket: Socket): void {
  socket.on('error', () => socket.destroy())
  socket.end(() => {
    const deadline = setTimeout(() => socket.destroy(), LINGER_MS_MAX)
    socket.once('close', () => clearTimeout(deadline))
  })
  socket.resume()
}

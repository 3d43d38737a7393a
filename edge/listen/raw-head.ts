import { STATUS_CODES } from 'node:http'
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

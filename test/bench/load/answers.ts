import type { Socket } from 'node:net'

/** An answer that has come in whole. */
export interface Answered {
  status: number
  bodyBytes: number
}

/**
 * Reads answers of HTTP/1.1 off a connection, one after another, and calls back with each when it has come in whole.
 * They have to name their length, or have no body for their status (304). For loads: it checks nothing.
 */
export function onAnswer(socket: Socket, whenAnswered: (answered: Answered) => void): void {
  let head = ''
  let answered: Answered = { status: 0, bodyBytes: 0 }
  let bytesLeft = 0
  socket.on('data', (chunk: Buffer) => {
    if (bytesLeft > 0) bytesLeft -= chunk.byteLength
    else {
      head += chunk.toString('latin1')
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) return
      const status = Number(head.slice(9, 12))
      const bodyBytes = status === 304 ? 0 : Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1])
      answered = { status, bodyBytes }
      bytesLeft = bodyBytes - (head.length - end - 4)
      head = ''
    }
    if (bytesLeft === 0) whenAnswered(answered)
  })
}

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { listenOn } from '../../edge/program/admin.ts'

/** A small server that plays the thumbnailer. */
export interface PlayedThumbnailer extends AsyncDisposable {
  url: string
  /** What it was asked, oldest first. */
  asked: IncomingMessage[]
}

export async function playThumbnailer(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<PlayedThumbnailer> {
  const asked: IncomingMessage[] = []
  const server = createServer((request, response) => {
    asked.push(request)
    answer(request, response)
  })
  const listening = await listenOn(server, { host: '127.0.0.1', port: 0 }, 'thumbnails', 'none')
  return {
    url: `http://127.0.0.1:${listening.port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await listening[Symbol.asyncDispose]()
    },
  }
}

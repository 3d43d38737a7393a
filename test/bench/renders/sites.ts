import { once } from 'node:events'
import { createReadStream, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import mime from 'mime'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

/** The demo's sites: folders, of which the first that has a file gives it. */
const SITES: Record<string, readonly string[]> = {
  'hello.localhost': ['deploy/demo/hello'],
  'slides.localhost': ['deploy/demo/slides', 'node_modules/reveal.js'],
  'swagger.localhost': ['deploy/demo/swagger', 'node_modules/swagger-ui-dist'],
}

export const PAGES = Object.keys(SITES).map((host) => `http://${host}/`)

/** Runs by itself as a process: the cost of serving pages is nobody's who renders them. It sends its port. */
const server = createServer((request, response) => {
  const folders = SITES[(request.headers.host ?? '').replace(/:\d+$/, '')] ?? []
  const path = decodeURIComponent((request.url ?? '/').split('?')[0] ?? '').replace(/\/$/, '/index.html')
  const file = folders.map((folder) => join(ROOT, folder, path)).find(isFile)
  if (file === undefined || path.includes('..')) return void response.writeHead(404).end()
  response.writeHead(200, { 'Content-Type': mime.getType(file) ?? 'application/octet-stream' })
  createReadStream(file).pipe(response)
})

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}

if (process.send !== undefined && process.argv[1] === fileURLToPath(import.meta.url)) {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  process.send((server.address() as AddressInfo).port)
  process.once('disconnect', () => process.exit())
}

import type { ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import type { Answer } from '../../thumbnailer/site.ts'

const script = (code: string) => `<p>a page</p><script>${code}</script>`

/** Goes on until whoever asked goes away. */
function endless(response: ServerResponse, chunk: Buffer): void {
  const send = () => {
    while (!response.destroyed && response.write(chunk));
  }
  response.on('drain', send)
  send()
}

const MEGABYTE_OF_SPACES = Buffer.alloc(1_048_576, ' ')

/** 2 GB of spaces in 2 MB. */
const bomb = (() => {
  const layer = gzipSync(Buffer.alloc(64 * 1_048_576, ' '), { level: 9 })
  return Buffer.concat(Array.from({ length: 32 }, () => layer))
})()

/** A page, and what it may end with: statuses and codes as the thumbnailer documents them. */
export interface Bomb {
  answer: Answer
  ends: readonly string[]
}

const PICTURE = '200'
const TOO_SLOW = '504 site-too-slow'
const TOO_HEAVY = '422 site-too-heavy'
const CRASHED = '422 site-crashed'
const UNREACHABLE = '502 site-unreachable'

/** Pages that would use up the browser, the machine or our patience. Which bound is met first is the machine's doing. */
export const BOMBS: Record<string, Bomb> = {
  '/endless-body': {
    ends: [TOO_HEAVY, TOO_SLOW],
    answer: (_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/html' })
      response.write('<p>a page')
      endless(response, MEGABYTE_OF_SPACES)
    },
  },
  '/endless-redirects': {
    ends: [UNREACHABLE, TOO_SLOW],
    answer: (request, response) => {
      const count = Number(/\d+/.exec(request.url ?? '')?.[0] ?? 0)
      response.writeHead(302, { Location: `/endless-redirects?${count + 1}` }).end()
    },
  },
  '/a-million-pixels-long': {
    ends: [PICTURE],
    answer: '<div style="height: 1000000px; background: linear-gradient(red, blue)">',
  },
  '/memory': {
    ends: [TOO_HEAVY, CRASHED, TOO_SLOW],
    answer: script('const all = []; for (;;) all.push(new Uint8Array(64e6).fill(1))'),
  },
  '/heap': {
    ends: [TOO_HEAVY, CRASHED, TOO_SLOW],
    answer: script("const all = []; for (;;) all.push('x'.repeat(1e6) + Math.random())"),
  },
  '/decompression': {
    ends: [TOO_HEAVY, CRASHED, TOO_SLOW, PICTURE],
    answer: (_, response) =>
      void response.writeHead(200, { 'Content-Type': 'text/html', 'Content-Encoding': 'gzip' }).end(bomb),
  },
  '/busy-loop': { ends: [TOO_SLOW], answer: script('for (;;);') },
  '/busy-workers': {
    ends: [PICTURE, TOO_SLOW],
    answer: script("for (let at = 0; at < 8; at++) new Worker(URL.createObjectURL(new Blob(['for (;;);'])))"),
  },
  '/alert-storm': { ends: [PICTURE, TOO_SLOW], answer: script('for (;;) alert(1)') },
  '/5000-images': {
    ends: [PICTURE, TOO_SLOW],
    answer: Array.from({ length: 5_000 }, (_, at) => `<img src="/image?${at}" width=9 height=9>`).join(''),
  },
  '/huge-canvas': {
    ends: [PICTURE, TOO_HEAVY, CRASHED, TOO_SLOW],
    answer: script(
      "for (let at = 0; at < 40; at++) { const c = document.createElement('canvas'); c.width = c.height = 8000; c.getContext('2d').fillRect(0, 0, 8000, 8000); document.body.append(c) }",
    ),
  },
  '/deep-document': { ends: [PICTURE, TOO_SLOW, CRASHED], answer: `${'<div>'.repeat(100_000)}deep` },
  '/frames-itself': {
    ends: [PICTURE, TOO_SLOW],
    answer: '<iframe src="/frames-itself?1"></iframe><iframe src="/frames-itself?2"></iframe>',
  },
  '/windows': { ends: [PICTURE], answer: script("for (let at = 0; at < 200; at++) open('/green?' + at)") },
  '/downloads': {
    ends: [PICTURE],
    answer: script(
      "for (let at = 0; at < 200; at++) { const a = document.createElement('a'); a.href = 'data:application/x,' + at; a.download = 'x' + at; a.click() }",
    ),
  },
  '/reload-storm': { ends: [PICTURE, TOO_SLOW, UNREACHABLE], answer: script('location.reload()') },
  '/crash': {
    ends: [PICTURE, CRASHED, UNREACHABLE],
    answer: `<iframe src="chrome://crash"></iframe>${script("location = 'chrome://crash'")}`,
  },
}

/** What the pages have parts of. */
export const FILES: Record<string, Answer> = {
  '/image': (_, response) =>
    void response
      .writeHead(200, { 'Content-Type': 'image/svg+xml' })
      .end('<svg xmlns="http://www.w3.org/2000/svg"><rect width="9" height="9"/></svg>'),
}

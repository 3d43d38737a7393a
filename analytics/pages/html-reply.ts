import type { Html } from './html.ts'

/** What of a reply a page needs; the rest is the server's. */
interface PageReply {
  type(contentType: string): { send(body: string): unknown }
}

/** Answers with a page. */
export function send(reply: PageReply, page: Html): unknown {
  return reply.type('text/html; charset=utf-8').send(page.text)
}

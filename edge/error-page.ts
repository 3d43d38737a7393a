import { Readable } from 'node:stream'
import type { Answer } from './cache/answer.ts'
import { filterFields } from './cache/fields.ts'
import { PARTIAL_FIELDS } from './cache/rules/conditional.ts'
import { behaviorOf } from './distribution/match.ts'
import type { Edge, Whose } from './edge.ts'
import type { ViewerRequest } from './viewer.ts'
import { askingFor } from './viewer-asking.ts'

/**
 * The distribution's own page for an error, with the status that it is to have, or `undefined` when there
 * is none or it can't be had: then the error speaks for itself. The page comes through the first behaviour
 * that matches its path, as with CloudFront, and so out of the cache.
 *
 * The error's own body is given up once the page is here.
 *
 * @throws ViewerGone
 */
export async function errorPageFor(
  edge: Edge,
  viewer: ViewerRequest,
  whose: Whose,
  answer: Answer,
): Promise<Answer | undefined> {
  const { distribution } = whose
  const errorPage = distribution.errorPages.get(answer.status)
  if (errorPage === undefined) return undefined
  const behavior = behaviorOf(distribution, errorPage.target)
  const { request } = viewer
  const asking = askingFor(
    edge,
    viewer,
    { ...whose, behavior },
    {
      ...request,
      method: request.method === 'HEAD' ? 'HEAD' : 'GET',
      target: errorPage.target,
      fields: filterFields(request.fields, (name) => !ABOUT_THE_REQUEST.has(name)),
      body: undefined,
    },
  )
  const page = await edge.cache.answer(asking).catch((error: unknown) => {
    giveUp(answer)
    throw error
  })
  if (page.status !== 200) {
    giveUp(page)
    return undefined
  }
  giveUp(answer)
  return { ...page, status: errorPage.status }
}

/** What a viewer asked of the object that turned out to be an error, and what described the request's body. */
const ABOUT_THE_REQUEST: ReadonlySet<string> = new Set([
  ...PARTIAL_FIELDS,
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'transfer-encoding',
])

function giveUp({ body }: Answer): void {
  if (body instanceof Readable) body.on('error', () => undefined).destroy()
}

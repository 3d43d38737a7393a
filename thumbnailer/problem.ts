import type { SelvedgeError } from '../edge/program/errors.ts'

/** Every way in which a picture can't be given: the word is the metric's label and `code` of the answer. */
const PROBLEMS = {
  'bad-request': { status: 400, title: 'The request can not be understood' },
  'bad-url': { status: 400, title: 'The url can not be used' },
  'bad-parameter': { status: 400, title: 'A parameter can not be used' },
  'bad-size': { status: 400, title: 'There is no such size' },
  unsigned: { status: 401, title: 'The request is not signed' },
  'not-fronted': { status: 404, title: 'The site is not one of ours' },
  'robots-refused': { status: 403, title: 'The site wants no pictures' },
  'no-version': { status: 404, title: 'There is no such picture' },
  'not-found': { status: 404, title: 'There is nothing here' },
  'bad-method': { status: 405, title: 'The method is not answered here' },
  'too-large': { status: 413, title: 'The drawing is too large' },
  'no-page': { status: 422, title: 'What the site sends is no page' },
  'site-busy': { status: 429, title: 'Too many pictures of one site' },
  'site-blank': { status: 502, title: 'The site shows nothing' },
  'site-guarded': { status: 502, title: 'The site lets no renderer in' },
  'site-error': { status: 502, title: 'The site answered with an error' },
  'site-unreachable': { status: 502, title: 'The site could not be opened' },
  'site-refused': { status: 403, title: 'The address of the site is not opened from here' },
  'site-too-heavy': { status: 422, title: 'The page takes more than it may' },
  'site-crashed': { status: 422, title: 'The page crashes the browser' },
  'site-too-slow': { status: 504, title: 'The site took too long' },
  busy: { status: 503, title: 'Too many pictures are waited for' },
  'browser-failed': { status: 503, title: 'The browser failed' },
  'store-failed': { status: 503, title: 'The store of pictures can not be reached' },
} as const satisfies Record<string, { status: number; title: string }>

export type ProblemCode = keyof typeof PROBLEMS

/** Why there is no picture, as told to who asked (RFC 9457). */
export interface Problem {
  code: ProblemCode
  /** A sentence on this case, free of secrets and of our insides. */
  detail: string
  /** When asking again is worth it. */
  retryAfterSeconds?: number
}

/** HTTP status of a problem. */
export function statusOf(problem: Problem): number {
  return PROBLEMS[problem.code].status
}

/** Body of `application/problem+json` (RFC 9457 §3); `code` is an extension member. */
export function problemDocument(problem: Problem): string {
  const { status, title } = PROBLEMS[problem.code]
  return `${JSON.stringify({ title, status, code: problem.code, detail: problem.detail })}\n`
}

/** The store failed: the operator's message goes to the log, the public one to who asked. */
export function storeProblem(error: SelvedgeError): Problem {
  return { code: 'store-failed', detail: error.publicMessage, retryAfterSeconds: 10 }
}

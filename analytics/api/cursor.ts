import { hash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { problemOf, Refusal } from './problem.ts'

/** Farthest that a list can be followed, items. */
const OFFSET_MAX = 10_000_000

/** Of the hash of the question, characters: it guards against mistakes, not against malice. */
const QUESTION_CHARACTERS = 12

const CURSOR = new RegExp(`^[A-Za-z0-9_-]{${QUESTION_CHARACTERS}}[0-9]{1,8}$`)

/** Where the next part of a list begins: `cursor` of a route's query. */
export const cursorParameter = z
  .string()
  .regex(CURSOR, 'is no cursor of ours')
  .optional()
  .describe('`next` of the part before: whence to go on. Everything else must be asked as before.')

/** `next` of an answer that is a part of a list. */
export const next = z
  .string()
  .nullable()
  .describe('The `cursor` of the part after this one; `null` at the end. `Link: rel="next"` says the same.')

/** A part of a list, in which question. */
interface Part {
  request: FastifyRequest<{ Querystring: { cursor?: string | undefined; limit: number } }>
  reply: FastifyReply
  /** All that the order of the list depends on beside the address, such as the day: a cursor ends with it. */
  of: readonly string[]
}

/**
 * Answers with a part of a list and where it goes on, in the body and as a link (RFC 8288).
 *
 * @param rowsFrom gives so many items from one on
 * @throws Refusal when the cursor is of another question: with another filter, or of another day
 */
export async function partOf<Row>(
  { request, reply, of }: Part,
  rowsFrom: (of: { offset: number; limit: number }) => Promise<Row[]>,
): Promise<{ items: Row[]; next: string | null }> {
  const { cursor, limit } = request.query
  const question = questionOf(request.url, of)
  const offset = offsetOf(cursor, question)
  // One more than is told shows whether there is more.
  const rows = await rowsFrom({ offset, limit: limit + 1 })
  if (rows.length <= limit || offset + limit > OFFSET_MAX) return { items: rows.slice(0, limit), next: null }
  const following = `${question}${offset + limit}`
  reply.header('Link', `<${withCursor(request.url, following)}>; rel="next"`)
  return { items: rows.slice(0, limit), next: following }
}

/** @throws Refusal */
function offsetOf(cursor: string | undefined, question: string): number {
  if (cursor === undefined) return 0
  const offset = Number(cursor.slice(QUESTION_CHARACTERS))
  if (cursor.startsWith(question) && offset <= OFFSET_MAX) return offset
  const detail = 'cursor: belongs to another question, or to a day that is over'
  const remedy = 'Leave the cursor out and begin anew, or ask everything else as before.'
  throw new Refusal(problemOf('bad-parameter', detail, { field: 'cursor', remedy }))
}

/** The address without what differs between parts of one list. */
function questionOf(url: string, of: readonly string[]): string {
  const { pathname, searchParams } = new URL(url, BASE)
  const asked = [...searchParams].filter(([name]) => name !== 'cursor' && name !== 'limit').sort()
  return hash('sha256', JSON.stringify([pathname, asked, of]), 'base64url').slice(0, QUESTION_CHARACTERS)
}

function withCursor(url: string, cursor: string): string {
  const { pathname, searchParams } = new URL(url, BASE)
  searchParams.set('cursor', cursor)
  return `${pathname}?${searchParams}`
}

/** Addresses on this server need some beginning to be read. */
const BASE = 'http://server.invalid'

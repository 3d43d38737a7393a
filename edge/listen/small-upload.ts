import { type PlainHead, plainHeadAt } from './plain-head.ts'

/** Longest body that the lane waits for, bytes: as long as what goes on once it is whole (`small-body.ts`). */
const BODY_BYTES_MAX = 16_384

/** A request with a body as the lane takes it: by the plain subset's grammar but for the method and the length. */
const UPLOAD =
  /(POST|PUT|PATCH|DELETE) (\/[A-Za-z0-9\-._~!$&'()*+,;=:@%/?]*) HTTP\/1\.1\r\n((?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)+)\r\n/y

/** What heads begin with that the lane reads, with a body or without. */
export const LANE_BEGINS = ['GET /', 'HEAD /', 'POST /', 'PUT /', 'PATCH /', 'DELETE /']

/** The one line that says how long the body is (RFC 9112 §6.2). */
const LENGTH_LINE = /(?<=^|\n)content-length:[\t ]*(\d{1,5})[\t ]*\r\n/i

/** What a request's head says, whichever method it is. */
export type RequestHead = Pick<PlainHead, 'target' | 'lines' | 'bytes' | 'closes'> & { method: string }

/** The head of a request with a small body of known length. */
export interface UploadHead extends RequestHead {
  bodyBytes: number
}

/**
 * Reads the head that begins at `at` of some latin1 text.
 *
 * @returns `undefined` for what is no small upload, or whose head isn't whole
 */
export function uploadHeadAt(text: string, at: number): UploadHead | undefined {
  UPLOAD.lastIndex = at
  const match = UPLOAD.exec(text)
  if (match === null) return undefined
  const [whole, method, target, lines] = match as unknown as [string, string, string, string]
  const length = LENGTH_LINE.exec(lines)
  if (length === null || Number(length[1]) > BODY_BYTES_MAX) return undefined
  // Without that line it has to be plain: a second length, a coding, `Expect` and the like never are.
  const plain = plainHeadAt(`GET ${target} HTTP/1.1\r\n${lines.replace(LENGTH_LINE, '')}\r\n`, 0)
  if (plain === undefined) return undefined
  return { method, target, lines, bytes: whole.length, closes: plain.closes, bodyBytes: Number(length[1]) }
}

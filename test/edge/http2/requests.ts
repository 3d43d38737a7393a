import { HOST } from '../house.ts'
import { FLAG, headers } from '../http2-frames.ts'
import { UNSEEN } from './case.ts'

/** A request's fields, pseudo-header fields first. @param more name, value, … */
export function asking(method: string, path: string, more: readonly string[] = []): string[] {
  return [':method', method, ':scheme', 'https', ':authority', HOST, ':path', path, ...more]
}

/** HEADERS of a request that isn't over. */
export function begun(stream: number, path = '/echo', more: readonly string[] = [], method = 'POST'): Buffer {
  return headers(stream, asking(method, path, more), 0)
}

/** HEADERS of a request that is whole: one of which the origin may hear nothing. */
export function unseen(more: readonly string[], method = 'GET'): Buffer {
  return headers(1, asking(method, UNSEEN, more), FLAG.endStream)
}

/** HEADERS of a whole GET which the origin never answers, so that the stream stays half-closed. */
export function pending(stream: number): Buffer {
  return headers(stream, asking('GET', '/pending'))
}

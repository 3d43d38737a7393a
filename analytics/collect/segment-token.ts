/**
 * A segment's name: the edge's node, the writer within it and the writer's count, as edge/log/segment.ts
 * makes them. It is ClickHouse's token for noticing a segment that comes twice.
 */
const TOKEN = /^[A-Za-z0-9._-]{1,63}\/[A-Za-z0-9_-]{1,80}\/\d{1,12}$/

const PREFIX = '/v1/segments/'

/** The segment that a path names; `undefined` when it names something else. */
export function segmentTokenIn(path: string): string | undefined {
  return path.startsWith(PREFIX) ? path.slice(PREFIX.length) : undefined
}

export function isSegmentToken(token: string): boolean {
  return TOKEN.test(token)
}

import { HEAD_BYTES_MAX } from './plain-head.ts'

/** All sockets are read into it, one at a time: nothing of it outlives a read. */
export const shared = Buffer.allocUnsafeSlow(65_536)

/** The first bytes of `shared`. */
export const viewOf = viewsOf(shared, HEAD_BYTES_MAX)

/**
 * A buffer's beginnings by length: making one each time would cost as much as comparing it.
 *
 * @param most up to this length they are kept
 */
export function viewsOf(buffer: Buffer, most: number): (length: number) => Buffer {
  const views: (Buffer | undefined)[] = []
  return (length) => {
    if (length > most) return buffer.subarray(0, length)
    const known = views[length]
    if (known !== undefined) return known
    const view = buffer.subarray(0, length)
    views[length] = view
    return view
  }
}

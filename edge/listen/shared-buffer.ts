import { HEAD_BYTES_MAX } from './plain-head.ts'

/** All sockets are read into it, one at a time: nothing of it outlives a read. */
export const shared = Buffer.allocUnsafeSlow(65_536)

/** Its beginnings by length: making one for each read would cost as much as comparing it. */
const views: (Buffer | undefined)[] = []

/** The first bytes of `shared`. */
export function viewOf(length: number): Buffer {
  if (length > HEAD_BYTES_MAX) return shared.subarray(0, length)
  const known = views[length]
  if (known !== undefined) return known
  const view = shared.subarray(0, length)
  views[length] = view
  return view
}

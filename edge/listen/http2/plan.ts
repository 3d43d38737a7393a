import type { Hit } from '../../answer-from-memory.ts'
import type { Expected } from '../../log/hit-log.ts'
import type { BlockForm } from './block-form.ts'
import type { Priority } from './priority.ts'

/** A request by its header block, and its answer from memory. */
export interface Plan {
  /** The bytes that it came as, and what the decoder's table was then: while it is, they mean the same. */
  block: Buffer
  version: number
  hit: Hit<BlockForm>
  expected: Expected
  /** As the request says. */
  priority: Priority | undefined
}

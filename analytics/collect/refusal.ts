import { SelvedgeError } from '../../edge/program/errors.ts'

/** 400 and 413 are for good: an edge then sets the segment aside. Anything else it sends again. */
const REFUSALS = {
  'unknown-path': {
    status: 404,
    title: 'There is nothing here',
    remedy: 'Segments go to PUT /v1/segments/{node}/{writer}/{number}.',
  },
  'bad-method': { status: 405, title: 'The method is not PUT', remedy: 'Send segments with PUT.' },
  'bad-token': {
    status: 400,
    title: 'The name of the segment can not be used',
    remedy: 'A node is 1 to 63 letters, digits, `.`, `_` or `-`; see the setting `node` of the edge.',
  },
  'bad-signature': {
    status: 401,
    title: 'The request is not signed with our key',
    remedy: 'Give edge and analytics the same `key`, and check that their clocks agree within 300 s.',
  },
  'bad-type': {
    status: 415,
    title: 'The body is of another type',
    remedy: 'Send text/tab-separated-values in Content-Encoding zstd, or bring analytics up to date.',
  },
  'cut-off': {
    status: 400,
    title: 'The body is incomplete',
    remedy: 'Nobody is left to read this: the edge sends it again.',
  },
  'bad-digest': {
    status: 400,
    title: 'The body is not what its digest says',
    remedy: 'Send Content-Digest: sha-256=:…: of the body as it is sent (RFC 9530).',
  },
  'bad-compression': {
    status: 400,
    title: 'The body can not be unpacked',
    remedy: 'Send one whole Zstandard frame (RFC 8878).',
  },
  'bad-rows': {
    status: 400,
    title: 'ClickHouse does not take the rows',
    remedy: 'This is a fault of ours: please report it with the detail above.',
  },
  'too-large': {
    status: 413,
    title: 'The segment is too large',
    remedy: 'Seal segments earlier: at most 16 MiB packed and 64 MiB unpacked.',
  },
  busy: { status: 429, title: 'Too many segments at a time', remedy: 'Send it again later.' },
} as const satisfies Record<string, { status: number; title: string; remedy: string }>

/** Why a segment isn't taken: `code` in the answer, and label of the metric. */
export type RefusalReason = keyof typeof REFUSALS

/** A segment, or something else that was sent to the collector, isn't taken. */
export class SegmentRefused extends SelvedgeError {
  readonly code = 'SELVEDGE_SEGMENT_REFUSED'
  readonly because: RefusalReason
  override readonly status: number
  override readonly publicMessage: string
  readonly remedy: string
  readonly title: string

  /** @param detail what is wrong in this case */
  constructor(because: RefusalReason, detail: string, options?: ErrorOptions) {
    super(`${because}: ${detail}`, options)
    const { status, title, remedy } = REFUSALS[because]
    this.because = because
    this.status = status
    this.title = title
    this.remedy = remedy
    this.publicMessage = detail
  }
}

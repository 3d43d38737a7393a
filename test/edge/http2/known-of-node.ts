import type { Case } from './case.ts'

/** What node:http2 (nghttp2) is known to do otherwise: not asserted, for it is no matter of ours to mend. */
const KNOWN: readonly { section: string; says: RegExp; why: string }[] = [
  { section: '4.2', says: /CONTINUATION/, why: 'it decodes what there is, and says COMPRESSION_ERROR' },
  {
    section: '4.3',
    says: /trailers$/,
    why: 'DATA beyond content-length ends the connection: INTERNAL_ERROR',
  },
  { section: '8.1.1', says: /content-length that doesn’t equal.*(more|some)/, why: 'the same' },
  {
    section: '5.1',
    says: /closed: (DATA|HEADERS) after both/,
    why: 'frames on a closed stream are passed over',
  },
  {
    section: '5.1',
    says: /reset MUST count/,
    why: 'fifty frames of a stream that was reset are too much of what is of no use: ENHANCE_YOUR_CALM',
  },
  { section: '5.1.1', says: /numerically|reused|idle ones|left out/, why: 'the same, and ids that go down' },
  { section: '5.1.1', says: /after an odd one/, why: 'the connection is closed without GOAWAY' },
  { section: '5.1.2', says: /More streams than/, why: 'a response that waits for a window isn’t counted' },
  { section: '8.7', says: /beyond the limit/, why: 'the same' },
  { section: '6.4', says: /idle/, why: 'the connection is closed without GOAWAY' },
  { section: '6.3', says: /stream 0/, why: 'PRIORITY on stream 0 is passed over' },
  {
    section: '6.7',
    says: /containing the ACK/,
    why: 'a PING answer that nobody waits for ends the connection',
  },
  { section: '6.9', says: /increment of 0 MUST be a stream/, why: 'a connection error' },
  { section: '6.9.1', says: /A stream’s window beyond/, why: 'a connection error' },
  {
    section: '8.2.1',
    says: /field (name|value) (MUST NOT|that is)/,
    why: 'such a field is left out, and the request answered',
  },
  { section: '8.1.1', says: /of thousand fields/, why: 'the same' },
  { section: 'RFC 9218 7.1', says: /MUST be/, why: 'PRIORITY_UPDATE is to it a frame that nobody knows' },
]

/** Why node:http2 doesn't hold a case; `undefined` where it is to. */
export function knownOfNode({ section, says }: Case): string | undefined {
  return KNOWN.find((one) => one.section === section && one.says.test(says))?.why
}

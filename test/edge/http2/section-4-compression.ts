import { HOST } from '../house.ts'
import { FLAG, frame, get, integer, literal, section, TYPE, text } from '../http2-frames.ts'
import { type Case, MALFORMED, UNSEEN } from './case.ts'
import { asking, begun, unseen } from './requests.ts'

const block = (...parts: readonly Buffer[]) =>
  frame(TYPE.headers, FLAG.endHeaders | FLAG.endStream, 1, Buffer.concat(parts))
const GET_UNSEEN = section(asking('GET', UNSEEN))
const GET_HIT = section(asking('GET', '/hit'))
/** Literal `x` with a value in the Huffman code. */
const huffman = (hex: string) =>
  Buffer.concat([
    Buffer.from([0]),
    text('x'),
    Buffer.from([0x80 | (hex.length / 2)]),
    Buffer.from(hex, 'hex'),
  ])

/** RFC 7541, by what its errors do to a connection (RFC 9113 §4.3): of each kind a few. */
export const COMPRESSION: readonly Case[] = [
  ...(
    [
      ['2.3.3', 'an index beyond both tables', [Buffer.from([0x80 | 70])]],
      ['2.3.3', 'a name of an index beyond both tables', [Buffer.from([0x7f, 0x10]), text('v')]],
      ['6.1', 'index 0', [Buffer.from([0x80])]],
      ['5.1', 'an integer that never ends', [Buffer.from([0xff, ...Array(20).fill(0xff), 0x7f])]],
      ['5.1', 'an integer beyond 32 bits', [Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f])]],
      ['5.1', 'an integer cut off', [Buffer.from([0xff])]],
      ['5.2', 'a string cut off', [Buffer.from([0, 0x05, 0x61])]],
      ['5.2', 'a length cut off', [Buffer.from([0, 0x7f])]],
      ['5.2', 'a field without its value', [Buffer.from([0]), text('x')]],
      ['5.2', 'Huffman padding of more than 7 bits', [huffman('1fff')]],
      ['5.2', 'Huffman padding that isn’t of the most significant bits of EOS', [huffman('18')]],
      ['5.2', 'EOS in a Huffman string', [huffman('fffffffc')]],
      ['5.2', 'EOS alone in a Huffman string', [huffman('ffffffff')]],
      ['6.3', 'a table larger than the limit', []],
      ['4.2', 'an update of the table’s size at the end of a block', [Buffer.from([0x20])]],
      ['4.2', 'an update of the table’s size between fields', [Buffer.from([0x20]), section(['a', 'b'])]],
    ] as const
  ).map(
    ([where, what, parts]): Case => ({
      section: `RFC 7541 ${where}`,
      says: `A decoding error MUST be a connection error of type COMPRESSION_ERROR: ${what}`,
      sends: [
        what === 'a table larger than the limit'
          ? block(integer(4_097, 5, 0x20), GET_UNSEEN)
          : block(GET_UNSEEN, ...parts),
      ],
      expects: { connection: 'COMPRESSION_ERROR' },
    }),
  ),
  {
    section: '4.3',
    says: 'A decoding error in trailers MUST be a connection error of type COMPRESSION_ERROR',
    sends: [begun(1), frame(TYPE.headers, FLAG.endHeaders | FLAG.endStream, 1, Buffer.from([0x80]))],
    expects: { connection: 'COMPRESSION_ERROR' },
  },
  {
    section: '4.3',
    says: 'A decoding error in a CONTINUATION MUST be a connection error of type COMPRESSION_ERROR',
    sends: [
      frame(TYPE.headers, FLAG.endStream, 1, GET_UNSEEN),
      frame(TYPE.continuation, FLAG.endHeaders, 1, Buffer.from([0x80])),
    ],
    expects: { connection: 'COMPRESSION_ERROR' },
  },
  {
    section: '4.3',
    says: 'A decoding error MUST be a connection error though its stream is malformed anyhow',
    sends: [block(section([':path', '']), section(['Upper', 'case']), Buffer.from([0x80]))],
    expects: { connection: 'COMPRESSION_ERROR' },
  },
  ...(
    [
      [
        '6.1',
        'fields of the static table',
        [Buffer.from([0x82, 0x87, 0x04]), text('/hit'), Buffer.from([1]), text(HOST)],
      ],
      [
        '6.2.1',
        'literals that are indexed, and referred to',
        [
          Buffer.from([0x82, 0x87]),
          literal(':authority', HOST, 0x40),
          Buffer.from([0x44]),
          text('/hit'),
          literal('x', 'y', 0x40),
          Buffer.from([0xbe]),
        ],
      ],
      ['6.2.3', 'literals that are never to be indexed', [GET_HIT, literal('x', 'y', 0x10)]],
      ['5.2', 'Huffman strings', [GET_HIT, huffman('25a849e95bb8e8b4bf')]],
      ['5.2', 'an empty Huffman string', [GET_HIT, huffman('')]],
      [
        '4.2',
        'two updates of the table’s size at the beginning',
        [Buffer.from([0x20]), integer(4_096, 5, 0x20), GET_HIT],
      ],
      [
        '4.4',
        'a field larger than the table empties it',
        [integer(64, 5, 0x20), GET_HIT, literal('a', 'b', 0x40), literal('x', 'y'.repeat(100), 0x40)],
      ],
      [
        '5.1',
        'an integer longer than it need be',
        [GET_HIT, Buffer.from([0]), text('x'), Buffer.from([0x7f, 0x81, 0x80, 0x00]), Buffer.alloc(128, 'a')],
      ],
    ] as const
  ).map(
    ([where, what, parts]): Case => ({
      section: `RFC 7541 ${where}`,
      says: `A decoder takes all forms: ${what}`,
      sends: [block(...parts)],
      expects: { status: 200 },
    }),
  ),
  {
    section: 'RFC 7541 4.4',
    says: 'An entry that was put out can’t be referred to',
    sends: [
      block(GET_HIT, literal('a', 'b', 0x40), integer(62, 7, 0x80)),
      frame(
        TYPE.headers,
        FLAG.endHeaders | FLAG.endStream,
        3,
        Buffer.concat([Buffer.from([0x20]), integer(4_096, 5, 0x20), GET_UNSEEN, integer(62, 7, 0x80)]),
      ),
    ],
    expects: { connection: 'COMPRESSION_ERROR' },
  },
  {
    section: 'RFC 7541 2.2',
    says: 'The dynamic table is one for all streams of a connection, first in, first out',
    sends: [
      block(GET_HIT, literal('a', '1', 0x40), literal('b', '2', 0x40)),
      frame(
        TYPE.headers,
        FLAG.endHeaders | FLAG.endStream,
        3,
        Buffer.concat([
          GET_HIT,
          integer(63, 7, 0x80),
          integer(62, 7, 0x80),
          literal('c', '3', 0x40),
          integer(64, 7, 0x80),
        ]),
      ),
    ],
    expects: { status: 200, on: 3 },
  },
  {
    section: '8.2.1',
    says: 'A malformed request doesn’t keep its block from being read to its end',
    sends: [unseen(['Upper', 'case']), get(3, '/hit')],
    expects: MALFORMED,
  },
]

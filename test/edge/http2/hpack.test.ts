import { describe, expect, test } from 'vitest'
import { HpackDecoder, HpackError } from '../../../edge/listen/http2/hpack/decoder.ts'
import { encodedBlock, writeField } from '../../../edge/listen/http2/hpack/encode.ts'
import { CODE_LENGTHS, CODES } from '../../../edge/listen/http2/hpack/huffman-codes.ts'
import { readInteger, writeInteger } from '../../../edge/listen/http2/hpack/integer.ts'
import { throughNode } from './hpack-node.ts'
import { PSEUDO_STRINGS, randomLists } from './random-fields.ts'

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')

/** A decoder with what the RFC has by default, and bounds that nothing here reaches. */
const decoder = ({ tableBytes = 4_096, listBytes = 1_000_000, fields = 1_000 } = {}) =>
  new HpackDecoder(tableBytes, listBytes, fields)

/** The dynamic table, newest first, by asking for each of its indexes. */
function tableOf(one: HpackDecoder): string[] {
  const entries: string[] = []
  for (let index = 62; index < 127; index += 1) {
    try {
      entries.push(one.decode(Uint8Array.of(0x80 | index)).fields.join(': '))
    } catch {
      break
    }
  }
  return entries
}

const WWW = ':authority: www.example.com'
const NO_CACHE = 'cache-control: no-cache'
const CUSTOM = 'custom-key: custom-value'
const PRIVATE = 'cache-control: private'
const AT_21 = 'date: Mon, 21 Oct 2013 20:13:21 GMT'
const AT_22 = 'date: Mon, 21 Oct 2013 20:13:22 GMT'
const LOCATION = 'location: https://www.example.com'
const GZIP = 'content-encoding: gzip'
const COOKIE = 'set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'

const REQUESTS = [
  { fields: [':method: GET', ':scheme: http', ':path: /', WWW], table: [WWW], bytes: 57 },
  {
    fields: [':method: GET', ':scheme: http', ':path: /', WWW, NO_CACHE],
    table: [NO_CACHE, WWW],
    bytes: 110,
  },
  {
    fields: [':method: GET', ':scheme: https', ':path: /index.html', WWW, CUSTOM],
    table: [CUSTOM, NO_CACHE, WWW],
    bytes: 164,
  },
]

const RESPONSES = [
  {
    fields: [':status: 302', PRIVATE, AT_21, LOCATION],
    table: [LOCATION, AT_21, PRIVATE, ':status: 302'],
    bytes: 222,
  },
  {
    fields: [':status: 307', PRIVATE, AT_21, LOCATION],
    table: [':status: 307', LOCATION, AT_21, PRIVATE],
    bytes: 222,
  },
  {
    fields: [':status: 200', PRIVATE, AT_22, LOCATION, GZIP, COOKIE],
    table: [COOKIE, GZIP, AT_22],
    bytes: 215,
  },
]

/** Its table has 256 bytes in C.5 and C.6. */
const SIZE_256 = '3fe101'

/** Each example's blocks in order, on one connection. */
const EXAMPLES = [
  {
    name: 'C.2.1 literal with indexing',
    blocks: ['400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572'],
    means: [{ fields: ['custom-key: custom-header'], table: ['custom-key: custom-header'], bytes: 55 }],
  },
  {
    name: 'C.2.2 literal without indexing',
    blocks: ['040c 2f73 616d 706c 652f 7061 7468'],
    means: [{ fields: [':path: /sample/path'], table: [], bytes: 0 }],
  },
  {
    name: 'C.2.3 literal never indexed',
    blocks: ['1008 7061 7373 776f 7264 0673 6563 7265 74'],
    means: [{ fields: ['password: secret'], table: [], bytes: 0 }],
  },
  {
    name: 'C.2.4 indexed',
    blocks: ['82'],
    means: [{ fields: [':method: GET'], table: [], bytes: 0 }],
  },
  {
    name: 'C.3 requests without Huffman coding',
    blocks: [
      '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
      '8286 84be 5808 6e6f 2d63 6163 6865',
      '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
    ],
    means: REQUESTS,
  },
  {
    name: 'C.4 requests with Huffman coding',
    blocks: [
      '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
      '8286 84be 5886 a8eb 1064 9cbf',
      '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
    ],
    means: REQUESTS,
  },
  {
    name: 'C.5 responses without Huffman coding, with evictions',
    first: SIZE_256,
    blocks: [
      '4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32' +
        '3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
      '4803 3330 37c1 c0bf',
      '88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970' +
        '7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61' +
        '6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31',
    ],
    means: RESPONSES,
  },
  {
    name: 'C.6 responses with Huffman coding, with evictions',
    first: SIZE_256,
    blocks: [
      '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad' +
        '1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
      '4883 640e ffc1 c0bf',
      '88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2' +
        'e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07',
    ],
    means: RESPONSES,
  },
]

describe('the examples of RFC 7541 appendix C', () => {
  test.each([
    { value: 10, prefixMax: 31, bytes: '0a' },
    { value: 1_337, prefixMax: 31, bytes: '1f9a0a' },
    { value: 42, prefixMax: 255, bytes: '2a' },
  ])('C.1 $value is $bytes', ({ value, prefixMax, bytes }) => {
    const into = Buffer.alloc(6)
    const end = writeInteger(into, 0, value, { flags: 0, prefixMax })

    expect(into.toString('hex', 0, end)).toBe(bytes)
    expect(readInteger({ bytes: hex(bytes), at: 0 }, prefixMax)).toBe(value)
  })

  test.each(EXAMPLES)('$name', ({ first = '', blocks, means }) => {
    const one = decoder()
    one.decode(hex(first))

    blocks.forEach((block, at) => {
      const { fields, table, bytes } = means[at] as (typeof means)[number]
      const raw = one.decode(hex(block)).fields
      expect(pairs(raw)).toEqual(fields)
      expect(tableOf(one)).toEqual(table)
      expect(one.tableBytes).toBe(bytes)
    })
  })
})

function pairs(fields: readonly string[]): string[] {
  return Array.from({ length: fields.length / 2 }, (_, at) => `${fields[2 * at]}: ${fields[2 * at + 1]}`)
}

/** `0` without indexing, a name of one letter, and a Huffman-coded value: what is broken is the value. */
const huffmanValue = (bytes: string) => `000161${(0x80 | (bytes.length / 2)).toString(16)}${bytes}`

/** What a decoder must take for an error, with the section that says so. */
const MALFORMED = [
  { name: '§2.3.3 an index beyond both tables', block: 'be' },
  { name: '§2.3.3 an index of a name beyond both tables, to be indexed', block: '7e0161' },
  { name: '§2.3.3 an index of a name beyond both tables, not to be indexed', block: '0f2f0161' },
  { name: '§2.3.3 an index of a name beyond both tables, never to be indexed', block: '1f2f0161' },
  { name: '§2.3.3 an index of an entry that was evicted', before: '4001610131', block: '20be' },
  { name: '§4.2 a size update behind a field', block: '8220' },
  { name: '§4.2 a size update between fields', block: '822082' },
  { name: '§4.2 a size above the announced', block: '3fe21f' },
  { name: '§4.2 a second size above the announced', block: '203fe21f' },
  { name: '§5.1 an integer with more octets than any that means something', block: 'ff8080808000' },
  { name: '§5.1 an integer that is more than 32 bits can have', block: 'ffffffffff0f' },
  { name: '§5.1 an integer that never ends', block: `ff${'80'.repeat(1_000)}` },
  { name: '§5.1 a block that ends in an integer', block: 'ff80' },
  { name: '§5.1 a block that ends before the octets of an integer', block: 'ff' },
  { name: '§5.2 a name longer than the block', block: '000561' },
  { name: '§5.2 a value longer than the block', block: '0001610562' },
  { name: '§5.2 a coded value longer than the block', block: '0001618562' },
  { name: '§5.2 a length that has no end', block: '0001617fffffffffff0f' },
  { name: '§5.2 EOS', block: huffmanValue('ffffffff'), says: 'EOS' },
  { name: '§5.2 EOS behind a character', block: huffmanValue('3fffffffff'), says: 'EOS' },
  { name: '§5.2 padding of 8 bits, all ones', block: huffmanValue('ff') },
  { name: '§5.2 padding of 11 bits, all ones', block: huffmanValue('1fff') },
  { name: '§5.2 padding of 3 bits with a zero at the end', block: huffmanValue('1e') },
  { name: '§5.2 padding of 3 bits, all zeros', block: huffmanValue('18') },
  { name: '§5.2 a name with padding that is not of ones', block: '0081180161' },
  { name: '§6.1 index 0', block: '80' },
  { name: '§6.2 a field without a value', block: '0001' },
  { name: '§6.2 a field without a name', block: '00' },
  { name: '§6.2 a field with an index and without a value', block: '44' },
]

describe('what can not be read', () => {
  test.each(MALFORMED)('$name', ({ before = '', block, says = '' }) => {
    const one = decoder()
    one.decode(hex(before))

    expect(() => one.decode(hex(block))).toThrow(HpackError)
    expect(() => one.decode(hex(block))).toThrow(says)
  })

  test('each octet of each example, left out at the end, is an error or the end of an earlier field', () => {
    const broken: string[] = []
    for (const { blocks, means } of EXAMPLES) {
      const whole = hex(blocks[0] as string)
      for (let end = 0; end < whole.length; end += 1) {
        const read = attempt(() => pairs(decoder().decode(whole.subarray(0, end)).fields))
        const all = means[0]?.fields as string[]
        if (read !== undefined && read.join() !== all.slice(0, read.length).join()) broken.push(`${end}`)
      }
    }

    expect(broken).toEqual([])
  })
})

function attempt<T>(what: () => T): T | undefined {
  try {
    return what()
  } catch (error) {
    expect(error).toBeInstanceOf(HpackError)
    return undefined
  }
}

describe('what is odd, but must be read', () => {
  test.each([
    { name: 'no field at all', block: '', fields: [] },
    { name: 'an empty name', block: '00000161', fields: [': a'] },
    { name: 'an empty value', block: '00016100', fields: ['a: '] },
    { name: 'an empty value that is coded', block: '00016180', fields: ['a: '] },
    { name: 'padding of 7 bits', block: huffmanValue('18c631ff'), fields: ['a: aaaaa'] },
    { name: 'octets that no field may have', block: '000161030d0a00', fields: ['a: \r\n\0'] },
    { name: 'two size updates', block: '203fe11f82', fields: [':method: GET'] },
    {
      name: 'a length in more octets than it needs',
      block: `0001617f808000${'62'.repeat(127)}`,
      fields: [`a: ${'b'.repeat(127)}`],
    },
  ])('$name', ({ block, fields }) => {
    expect(pairs(decoder().decode(hex(block)).fields)).toEqual(fields)
  })

  test('every octet, coded and as it is', () => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, octet) => octet)).toString('latin1')
    const coded = encodedBlock([all.slice(0, 128), all.slice(128)])
    const plain = Buffer.concat([hex('007f8101'), Buffer.from(all, 'latin1'), hex('00')])

    expect(decoder().decode(coded).fields).toEqual([all.slice(0, 128), all.slice(128)])
    expect(decoder().decode(plain).fields).toEqual([all, ''])
    for (let octet = 0; octet < 256; octet += 1) {
      const value = String.fromCharCode(octet).repeat(17)
      expect(decoder().decode(hex(huffmanValue(codedByHand(octet, 17)))).fields).toEqual(['a', value])
    }
  })

  test('a name whose own entry is evicted by what it names (§4.4)', () => {
    const one = decoder()
    one.decode(hex('3f21 4001 6101 31')) // 64 bytes of table, and one entry
    const { fields } = one.decode(hex('7e 02 3232'))

    expect(fields).toEqual(['a', '22'])
    expect(tableOf(one)).toEqual(['a: 22'])
  })

  test('an entry larger than the table leaves it empty (§4.4)', () => {
    const one = decoder()
    one.decode(hex('3f04 4001 6101 31')) // 35 bytes of table
    const { fields } = one.decode(hex('4001 6103 333333'))

    expect(fields).toEqual(['a', '333'])
    expect(tableOf(one)).toEqual([])
  })

  test('a smaller table keeps the newest (§4.3), and a larger one is not filled again', () => {
    const one = decoder()
    one.decode(hex('4001 6101 31 4001 6101 32 4001 6101 33'))
    one.decode(hex('3f27')) // 70 bytes: two entries
    expect(tableOf(one)).toEqual(['a: 3', 'a: 2'])
    one.decode(hex('20 3fe11f'))
    expect(tableOf(one)).toEqual([])
  })
})

/** `times` one octet, Huffman-coded the slow way. */
function codedByHand(octet: number, times: number): string {
  const code = (CODES[octet] as number).toString(2).padStart(CODE_LENGTHS[octet] as number, '0')
  const bits = code.repeat(times)
  const whole = bits.padEnd(Math.ceil(bits.length / 8) * 8, '1')
  return (whole.match(/.{8}/g) ?? [])
    .map((byte) => Number.parseInt(byte, 2).toString(16).padStart(2, '0'))
    .join('')
}

describe('bounds', () => {
  test('a list of more bytes than wanted is read to its end, and the table is right', () => {
    const one = decoder({ listBytes: 80 })
    const list = one.decode(hex('4001 6101 31 4001 6201 32 4001 6301 33'))

    expect(list).toEqual({ fields: ['a', '1', 'b', '2'], bytes: 102, isTooLarge: true })
    expect(tableOf(one)).toEqual(['c: 3', 'b: 2', 'a: 1'])
  })

  test('so is one of more fields', () => {
    const list = decoder({ fields: 2 }).decode(hex('828486'))

    expect(list).toEqual({ fields: [':method', 'GET', ':path', '/'], bytes: 123, isTooLarge: true })
  })

  test('64 KB that stand for a list of 256 MB keep no more than a list may', () => {
    const one = decoder({ listBytes: 65_536 })
    const value = 'v'.repeat(4_000)
    one.decode(Buffer.concat([hex('40 0161 7fa11e'), Buffer.from(value)]))
    const list = one.decode(Buffer.alloc(65_536, 0xbe))

    expect(list.isTooLarge).toBe(true)
    expect(list.bytes).toBe(65_536 * 4_033)
    expect(list.fields).toHaveLength(32)
  })

  test('the version tells whether a block means the same again', () => {
    const one = decoder()
    const versions = ['82', '00016101 31', '4001 6101 31', 'be', '20', '4001 6101 31', '82'].map((block) => {
      one.decode(hex(block))
      return one.version
    })

    const [still, stillAgain, added, used, emptied, notAdded, last] = versions
    expect([still, stillAgain]).toEqual([0, 0])
    expect(added).toBeGreaterThan(0)
    expect(used).toBe(added)
    expect(emptied).toBeGreaterThan(used as number)
    expect([notAdded, last]).toEqual([emptied, emptied])
  })

  test('a table smaller than what holds before our settings are known is refused', () => {
    expect(() => decoder({ tableBytes: 1_024 })).toThrow(RangeError)
  })
})

describe('the encoder', () => {
  test.each([
    { name: 'a field of the static table is its index', fields: [':status', '304'], bytes: '8b' },
    { name: 'a name of the static table is its index', fields: ['age', '7'], bytes: '0f06 0137' },
    { name: 'an empty value may be in the static table', fields: ['age', ''], bytes: '95' },
    { name: 'a cookie is never indexed', fields: ['set-cookie', '?'], bytes: '1f28 013f' },
    { name: 'so is a secret', fields: ['authorization', '?'], bytes: '1f08 013f' },
    { name: 'what is shorter Huffman-coded is', fields: ['x', 'aaaaa'], bytes: '000178 8418c631ff' },
    { name: 'what is not shorter is as it is', fields: ['x', 'www'], bytes: '000178 03777777' },
  ])('$name', ({ fields, bytes }) => {
    expect(encodedBlock(fields).toString('hex')).toBe(bytes.replaceAll(' ', ''))
  })

  test('a field as it is tells where its value is, for another to be written over it', () => {
    const into = Buffer.alloc(64)
    const { end, valueAt } = writeField(into, 3, 'x-selvedge-request-id', 'a'.repeat(22), true)
    into.write('b'.repeat(22), valueAt)

    expect(decoder().decode(into.subarray(3, end)).fields).toEqual(['x-selvedge-request-id', 'b'.repeat(22)])
    expect(() => writeField(into, 40, 'x-selvedge-request-id', 'a'.repeat(22), true)).toThrow(RangeError)
  })

  test('what is no octet is refused, for it would become another', () => {
    expect(() => encodedBlock(['a', 'ĊX-Injected: 1'])).toThrow(TypeError)
    expect(() => encodedBlock(['ā', '1'])).toThrow(TypeError)
    expect(() => writeField(Buffer.alloc(64), 0, 'a', 'Ċ', true)).toThrow(TypeError)
  })
})

describe("node:http2's coder means the same", () => {
  test.each([
    { name: 'a table of 4,096 bytes', tableBytes: 4_096, itsTableBytes: 4_096 },
    { name: 'one that it makes smaller', tableBytes: 4_096, itsTableBytes: 200 },
    { name: 'one that we allow to be larger', tableBytes: 65_536, itsTableBytes: 65_536 },
    { name: 'no table', tableBytes: 4_096, itsTableBytes: 0 },
  ])('$name', async ({ tableBytes, itsTableBytes }) => {
    const lists = randomLists(1_250, { seed: 7_541 })
    const told = await throughNode(lists, { tableBytes, itsTableBytes })

    expect(told.read).toEqual(lists)
    expect(told.written).toEqual(lists.map((list) => list.slice(PSEUDO_STRINGS)))
  })
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { proxyHeaderIn } from '../../edge/listen/proxy-header.ts'

const V2 = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')
const after = Buffer.from('GET / HTTP/1.1\r\n')
const v2 = (command: number, family: number, body: Buffer) => {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(body.length)
  return Buffer.concat([V2, Buffer.from([command, family]), length, body])
}
const FOUR = Buffer.from([192, 0, 2, 1, 10, 0, 0, 1, 0x30, 0x39, 0, 80])

const MAPPED = Buffer.from(`00000000000000000000ffffc0000201${'00'.repeat(15)}0130390050`, 'hex')

test.each([
  ['version 1, IPv4', Buffer.from('PROXY TCP4 192.0.2.1 10.0.0.1 12345 80\r\n'), '192.0.2.1'],
  ['version 1, IPv6', Buffer.from('PROXY TCP6 2001:db8::1 2001:db8::2 12345 80\r\n'), '2001:db8::1'],
  ['IPv4 in IPv6, version 1', Buffer.from('PROXY TCP6 ::ffff:c000:201 ::1 12345 80\r\n'), '192.0.2.1'],
  ['IPv4 in IPv6, version 2', v2(0x21, 0x21, MAPPED), '192.0.2.1'],
  ['version 2, IPv4', v2(0x21, 0x11, FOUR), '192.0.2.1'],
  ['version 2 with more', v2(0x21, 0x11, Buffer.concat([FOUR, Buffer.alloc(30)])), '192.0.2.1'],
])('%s names the viewer, however it arrives', (_, header, address) => {
  const whole = Buffer.concat([header, after])
  expect(proxyHeaderIn(whole)).toEqual({ kind: 'viewer', address, port: 12_345, end: header.length })
  for (let length = 0; length < header.length; length++) {
    expect(proxyHeaderIn(whole.subarray(0, length))).toEqual({ kind: 'more' })
  }
})

test.each([
  ['version 1, unknown', Buffer.from('PROXY UNKNOWN\r\n')],
  ['version 2, its own', v2(0x20, 0, Buffer.alloc(0))],
  ['a Unix socket', v2(0x21, 0x31, Buffer.alloc(216))],
])('%s names nobody', (_, header) => {
  expect(proxyHeaderIn(header)).toEqual({ kind: 'itself', end: header.length })
})

test.each([
  ['no header', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ['an address of the other family', Buffer.from('PROXY TCP4 2001:db8::1 ::1 1 2\r\n')],
  ['what is no address', Buffer.from('PROXY TCP4 999.0.2.1 10.0.0.1 1 2\r\n')],
  ['a number for an address', Buffer.from('PROXY TCP4 3221225985 10.0.0.1 1 2\r\n')],
  ['a port that is none', Buffer.from('PROXY TCP4 192.0.2.1 10.0.0.1 65536 2\r\n')],
  ['a line without end', Buffer.from(`PROXY TCP4 ${'1'.repeat(200)}`)],
  ['another version', v2(0x31, 0x11, FOUR)],
  ['an address cut off', v2(0x21, 0x11, FOUR.subarray(0, 8))],
  ['too much', v2(0x21, 0x11, Buffer.alloc(60_000))],
])('%s is broken', (_, header) => {
  expect(proxyHeaderIn(header)).toEqual({ kind: 'broken' })
})

test('whatever comes, nothing is thrown, and no end is past the bytes', () => {
  const starts = fc.constantFrom(Buffer.alloc(0), V2, Buffer.from('PROXY '), Buffer.from('PROXY TCP4 '))
  fc.assert(
    fc.property(starts, fc.uint8Array({ maxLength: 300 }), (start, rest) => {
      const bytes = Buffer.concat([start, rest])
      const header = proxyHeaderIn(bytes)
      if ('end' in header) expect(header.end).toBeLessThanOrEqual(bytes.length)
    }),
    { numRuns: 2_000 },
  )
})

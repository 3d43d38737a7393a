import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { isSignedBy, signedValue } from '../../edge/program/shared-key.ts'

const KEYS = [
  '0123456789abcdef'.repeat(4),
  'k'.repeat(32),
  'k'.repeat(63),
  'k'.repeat(65),
  '\0'.repeat(40),
  'ü'.repeat(20),
]
const PARTS = ['GET', 'site.example', '/päth?€=%20', '']

test.each(KEYS)('a signature is the HMAC-SHA256 of what is signed, whatever the key (%j)', (key) => {
  const signed = ['shield', '1767225600', ...PARTS]
    .map((part) => `${Buffer.byteLength(part)}:${part}`)
    .join('')
  const mac = createHmac('sha256', key).update(signed).digest('base64url')
  const value = signedValue(key, 'shield', PARTS, 1_767_225_600_999)

  expect(value).toBe(`t=1767225600, mac=${mac}`)
  expect(isSignedBy(key, 'shield', PARTS, value, 1_767_225_600_000)).toBe(true)
  expect(isSignedBy(key, 'collector', PARTS, value, 1_767_225_600_000)).toBe(false)
  expect(isSignedBy(key, 'shield', PARTS.toReversed(), value, 1_767_225_600_000)).toBe(false)
  expect(isSignedBy(`${key}x`, 'shield', PARTS, value, 1_767_225_600_000)).toBe(false)
})

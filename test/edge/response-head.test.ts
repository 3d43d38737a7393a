import { expect, test } from 'vitest'
import { fieldLines } from '../../edge/listen/response-head.ts'

test('fields are lines of a head, each its own', () => {
  expect(fieldLines([])).toBe('')
  expect(fieldLines(['X-A', 'b', 'x-a', '', 'Café'.slice(0, 3), '\xe9\t!'])).toBe(
    'X-A: b\r\nx-a: \r\nCaf: \xe9\t!\r\n',
  )
})

test.each([
  ['a value with a line of its own', ['X-A', 'b\r\nX-B: c']],
  ['a value that ends the head', ['X-A', 'b\r\n\r\nbody']],
  ['a value that is two lines', ['X-A', 'b\r\nX-B: c\r\nX-C: d']],
  ['a name with a line of its own', ['X-A: b\r\nX-B', 'c']],
  ['a bare line feed', ['X-A', 'b\nc']],
  ['a NUL', ['X-A', 'b\0']],
  ['no name', ['', 'b']],
  ['what isn’t latin1', ['X-A', '\u{10d}']],
])('%s is nothing that a head may hold', (_, fields) => {
  expect(() => fieldLines(fields)).toThrow()
})

import { expect, test } from 'vitest'
import { nameIn } from '../../edge/cache/field-names.ts'

test('a name is the letters that stand there, however many others were read before', () => {
  for (let round = 0; round < 20; round += 1) {
    for (let at = 0; at < 5_000; at += 1) {
      const name = `X-${'abcdefgh'.slice(0, at % 9)}-${at}-${round % 3}`
      expect(nameIn(`${name}: value`, 0, name.length)).toBe(name)
      expect(nameIn(`Host: a\r\n${name}: value`, 9, 9 + name.length)).toBe(name)
    }
  }
})

test('one name in two cases is two, and one that goes on is another', () => {
  const text = 'ETag: 1\r\nEtag: 2\r\nETagged: 3\r\n'
  expect([nameIn(text, 0, 4), nameIn(text, 9, 13), nameIn(text, 18, 25)]).toEqual(['ETag', 'Etag', 'ETagged'])
  expect(nameIn(text, 0, 0)).toBe('')
  expect(nameIn(`${'n'.repeat(5_000)}: 1`, 0, 5_000)).toHaveLength(5_000)
  expect(nameIn('ÿ-é: 1', 0, 3)).toBe('ÿ-é')
})

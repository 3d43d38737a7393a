import { describe, expect, test } from 'vitest'
import { nameFilter } from '../../edge/cache/fields.ts'

describe('a filter of fields by their names', () => {
  const filter = nameFilter((name) => name !== 'age')

  test('knows a name in any case, the first time and after', () => {
    const fields = ['Age', '1', 'AGE', '2', 'Date', 'now', 'age', '3']

    expect(filter(fields)).toEqual(['Date', 'now'])
    expect(filter(fields)).toEqual(['Date', 'now'])
  })

  test('is right about more names than it can remember, and about long ones', () => {
    const made = Array.from({ length: 2_000 }, (_, at) => [`X-${at}`.padEnd(at % 100, '-'), 'x']).flat()

    expect(filter([...made, 'Age', '1'])).toEqual(made)
    expect(filter([...made, 'Age', '1'])).toEqual(made)
  })
})

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { readPriceBook } from '../../analytics/usage/price-book.ts'
import { ConfigError } from '../../edge/program/errors.ts'
import { directory } from './analytics.ts'
import { bookBut } from './usage.ts'

describe('a price book', () => {
  const without = (name: string) => {
    const [book] = bookBut().books as [{ regions: Record<string, Record<string, unknown>> }]
    const { [name]: _left, ...europe } = book.regions.europe ?? {}
    return bookBut({ regions: { ...book.regions, europe } })
  }
  const paths = (rate: unknown) => bookBut({ everywhere: { invalidationPaths: rate, renders: '0' } })

  test.each([
    [
      'a price as an exponent',
      paths('1e-3'),
      /everywhere\.invalidationPaths: must be a price/,
      /nine decimals/,
    ],
    [
      'a price below a billionth',
      paths('0.0000000001'),
      /invalidationPaths: must be a price/,
      /nine decimals/,
    ],
    ['a price below nothing', paths('-1'), /invalidationPaths: must be a price/, /nine decimals/],
    ['a region without a price', without('bytesOut'), /regions\.europe\.bytesOut: /, /./],
    ['an item that there isn’t', bookBut({ everywhere: { renders: '0' } }), /invalidationPaths/, /./],
    ['a word that there isn’t', { ...bookBut(), vat: '19' }, /vat/, /Remove or rename: vat/],
    [
      'a currency that there isn’t',
      { ...bookBut(), currency: 'XYZ' },
      /currency: is no currency/,
      /ISO 4217/,
    ],
    [
      'a month that there isn’t',
      bookBut({ from: '2026-13' }),
      /books\[0\]\.from: must be a month/,
      /2026-01/,
    ],
    [
      'a last tier with an end',
      paths([{ upTo: '5', price: '1' }]),
      /\[0\]\.upTo: ends the last/,
      /Leave it out/,
    ],
    [
      'tiers that do not rise',
      paths([{ upTo: '5', price: '1' }, { upTo: '5', price: '1' }, { price: '1' }]),
      /\[1\]\.upTo: is not above 5/,
      /higher than the one before/,
    ],
    [
      'a tier without an end before others',
      paths([{ price: '1' }, { price: '1' }]),
      /\[0\]\.upTo: is missing/,
      /Give each tier but the last an end/,
    ],
    [
      'books out of order',
      { ...bookBut(), books: [bookBut(), bookBut()].flatMap(({ books }) => books) },
      /books\[1\]\.from: is not after 2020-01/,
      /in the order of their months/,
    ],
  ])('with %s is refused: the error names the field and the remedy', async (_what, book, problem, remedy) => {
    await using folder = await directory()
    const file = join(folder.path, 'prices.yaml')
    await writeFile(file, stringify(book))

    const error = await readPriceBook(file).catch((thrown: unknown) => thrown)

    expect(error).toBeInstanceOf(ConfigError)
    expect(String(error)).toMatch(problem)
    expect(String(error)).toContain(file)
    expect((error as ConfigError).remedy).toMatch(remedy)
  })

  test('that is no YAML, or is not there, is refused', async () => {
    await using folder = await directory()
    const file = join(folder.path, 'prices.yaml')
    await writeFile(file, 'name: [')

    await expect(readPriceBook(file)).rejects.toThrow(ConfigError)
    await expect(readPriceBook(join(folder.path, 'none.yaml'))).rejects.toThrow(
      /analytics\.prices.*can't be read/,
    )
  })
})

test('the example of a price book can be read, and says that it is made up', async () => {
  const book = await readPriceBook('deploy/prices.example.yaml')

  expect(book.name).toMatch(/made up/)
})

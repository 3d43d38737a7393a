import { type PriceBook, priceBookSchema } from '../../analytics/usage/price-book.ts'
import { REGIONS } from '../../analytics/usage/regions.ts'

/** As it stands in a file: text. India has one unit more on each price. */
function pricesOf(region: string): Record<string, unknown> {
  const price = (fraction: string) => `${region === 'india' ? 1 : 0}.${fraction}`
  return {
    bytesOut: [
      { upTo: '10', price: price('1') },
      { upTo: '20', price: price('05') },
      { price: price('010000001') },
    ],
    httpRequests: price('005'),
    httpsRequests: price('007'),
    httpOtherRequests: price('008'),
    httpsOtherRequests: price('01'),
    shieldRequests: price('003'),
  }
}

/** A price book as it stands in a file, with tiers of 10 GB; each test says what is different in its one book. */
export function bookBut(difference: Record<string, unknown> = {}): Record<string, unknown> {
  const regions = Object.fromEntries(REGIONS.map((region) => [region, pricesOf(region)]))
  const everywhere = { invalidationPaths: '0.005', renders: '0.001' }
  const book = { from: '2020-01', regions, everywhere, ...difference }
  return { name: 'Prices of a test', currency: 'USD', gigabyte: '1000000000', books: [book] }
}

/** Nothing is free. */
export const PRICES: PriceBook = priceBookSchema.parse(bookBut())

/** The same with another beginning, or with something free. */
export function priceBookBut({
  from = '2020-01',
  free = {},
}: {
  from?: string
  free?: Record<string, bigint>
}): PriceBook {
  const texts = Object.fromEntries(Object.entries(free).map(([name, quantity]) => [name, String(quantity)]))
  return priceBookSchema.parse(bookBut({ from, free: texts }))
}

/** Rows of CSV by the names of its head. */
export function csvRows(text: string): Record<string, string>[] {
  const [head = '', ...rows] = text.split('\r\n').filter((line) => line !== '')
  const names = head.split(',')
  return rows.map((row) => {
    const values = row.split(',')
    return Object.fromEntries(names.map((name, at) => [name, values[at] ?? '']))
  })
}

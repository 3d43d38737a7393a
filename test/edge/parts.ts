import { type Dispatcher, request } from 'undici'
import { HOST, type House } from './house.ts'

export const SLICE = 65_536

/** Little slices, so that few bytes have to be made. */
export const SMALL = { cache: { sliceBytes: SLICE, objectBytesMax: 16 * SLICE } }

/** Asks for all of an object, or for what the headers say. */
export async function respond(
  house: House,
  headers: Record<string, string>,
  path = '/film',
): Promise<Dispatcher.ResponseData> {
  return request(`http://127.0.0.1:${house.port}${path}`, { headers: { host: HOST, ...headers } })
}

/** What came of it, read to its end. */
export async function bytesOf(house: House, headers: Record<string, string>, path = '/film') {
  const { statusCode, headers: fields, body } = await respond(house, headers, path)
  const bytes = Buffer.from(await body.arrayBuffer())
  const word = (name: string) => String(fields[name] ?? '')
  return { status: statusCode, bytes, field: word }
}

/** Headers that ask for these bytes, the last one included. */
export const range = (first: number, last: number) => ({ range: `bytes=${first}-${last}` })

import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { createZstdDecompress } from 'node:zlib'
import { ConfigError } from '../../../edge/program/errors.ts'

/** Requests in their order, by numbers: keys are numbered as they first come. */
export interface Trace {
  name: string
  /** The key's number of each request. */
  keys: Uint32Array
  /** Size of each key, bytes: that of its first request, so that all policies and bounds mean the same. */
  sizes: Float64Array
  /** All sizes together, bytes. */
  footprint: number
  /** Whether all sizes are one: then Belady's MIN is the optimum. */
  uniform: boolean
}

/** Collects a trace, request by request. */
export interface TraceWriter {
  add(key: string | number, bytes: number): void
  trace(name: string): Trace
}

export function traceWriter(): TraceWriter {
  const numbers = new Map<string | number, number>()
  const keys: number[] = []
  const sizes: number[] = []
  return {
    add(key, bytes) {
      let number = numbers.get(key)
      if (number === undefined) {
        number = sizes.length
        numbers.set(key, number)
        sizes.push(bytes)
      }
      keys.push(number)
    },
    trace: (name) => ({
      name,
      keys: Uint32Array.from(keys),
      sizes: Float64Array.from(sizes),
      footprint: sizes.reduce((sum, bytes) => sum + bytes, 0),
      uniform: sizes.every((bytes) => bytes === sizes[0]),
    }),
  }
}

/**
 * Reads a trace: CSV lines `time,key,size` (the time is not looked at, the size is in bytes; a line of names
 * at the top may be), plain or compressed as `.zst`.
 *
 * @throws ConfigError when there is no such file, or a line is no request
 */
export async function readTrace(path: string): Promise<Trace> {
  const writer = traceWriter()
  let line = 0
  try {
    for await (const text of createInterface({ input: bytesOf(path), crlfDelay: Infinity })) {
      line += 1
      const [, key, size] = text.split(',')
      const bytes = Number(size)
      if (key !== undefined && Number.isInteger(bytes) && bytes >= 0) writer.add(key, bytes)
      else if (line > 1 && text !== '') throw new Error(`line ${line} is no request: ${text.slice(0, 100)}`)
    }
  } catch (error) {
    throw new ConfigError(path, (error as Error).message, 'A trace has lines of the form time,key,size.')
  }
  return writer.trace(basename(path).replace(/\.csv(\.zst)?$/, ''))
}

function bytesOf(path: string): Readable {
  const file = createReadStream(path)
  if (!path.endsWith('.zst')) return file
  const plain = createZstdDecompress()
  file.on('error', (error) => plain.destroy(error))
  return file.pipe(plain)
}

/**
 * Levels by coding, on files that any checkout has: how many times smaller, and MB/s of one core. The
 * levels of `edge/cache/encoding/encoders.ts` are chosen by it and marked here. Takes some seconds.
 */
import { readFileSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import type { Coding } from '../../edge/cache/encoding/accept-encoding.ts'
import { createEncoder, LEVELS } from '../../edge/cache/encoding/encoders.ts'

const FILES = [
  'reveal.js/demo.html',
  'swagger-ui-dist/swagger-ui.css',
  'reveal.js/dist/reveal.js',
  'swagger-ui-dist/swagger-ui-bundle.js',
  'typescript/lib/de/diagnosticMessages.generated.json',
]

const TRIED: Readonly<Record<Coding, readonly number[]>> = {
  gzip: [1, 4, 6, 9],
  br: [1, 2, 3, 4, 5, 6, 7, 9, 11],
  zstd: [1, 3, 6, 9, 12, 19],
}

/** Each figure is taken over at least this long, ms. */
const MEASURED_MS = 150

for (const file of FILES) {
  const body = readFileSync(new URL(`../../node_modules/${file}`, import.meta.url))
  process.stdout.write(`\n${file}, ${body.byteLength.toLocaleString('en')} bytes\n`)
  for (const [coding, levels] of Object.entries(TRIED) as [Coding, readonly number[]][]) {
    for (const level of levels) process.stdout.write(await rowOf(body, coding, level))
  }
}

async function rowOf(body: Buffer, coding: Coding, level: number): Promise<string> {
  const startedMs = performance.now()
  let rounds = 0
  let encodedBytes = 0
  let tookMs = 0
  while (tookMs < MEASURED_MS) {
    encodedBytes = await encodedLength(body, coding, level)
    rounds += 1
    tookMs = performance.now() - startedMs
  }
  const ratio = (body.byteLength / encodedBytes).toFixed(2)
  const megabytesPerSecond = (body.byteLength * rounds) / tookMs / 1_000
  const { draft, final } = LEVELS[coding]
  const mark = level === draft ? ' draft' : level === final ? ' final' : ''
  return `  ${coding.padEnd(5)}${String(level).padStart(2)}  ${ratio.padStart(6)}×  ${megabytesPerSecond.toFixed(1).padStart(6)} MB/s${mark}\n`
}

async function encodedLength(body: Buffer, coding: Coding, level: number): Promise<number> {
  let bytes = 0
  const encoder = createEncoder(coding, level, body.byteLength)
  encoder.end(body)
  await pipeline(encoder, async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) bytes += chunk.byteLength
  })
  return bytes
}

import { zstdDecompressSync } from 'node:zlib'
import { type FuzzedBatch, fuzzedBatches } from './fuzzed-batches.ts'
import { sendSegment } from './segment.ts'

/** What became of batches. */
export interface FuzzOutcome {
  /** How many got each answer, by what was done to them: `204`, `400 bad-digest`. */
  answers: Map<FuzzedBatch['kind'], Map<string, number>>
  /** Lines of the batches that were taken, empty ones aside. */
  linesTaken: number
  /** Answers that are no clear error: a 5xx, or a refusal without a code, a detail and a remedy. */
  unclear: string[]
}

/** Sends so many fuzzed batches to a collector, a few at a time. */
export async function sendFuzzed(
  collector: string,
  count: number,
  { now, onSent = () => {} }: { now: () => number; onSent?: (sent: number) => void },
): Promise<FuzzOutcome> {
  const outcome: FuzzOutcome = { answers: new Map(), linesTaken: 0, unclear: [] }
  let sent = 0
  const batches = fuzzedBatches(count)
  async function sender(): Promise<void> {
    for (const { kind, lines, otherwise } of batches) {
      const response = await sendSegment(collector, lines, { signedAtMs: now(), ...otherwise })
      const text = await response.text()
      const answer = response.status === 204 ? '204' : refusalIn(response.status, text)
      if (answer === undefined) outcome.unclear.push(`${kind}: ${response.status} ${text}`)
      if (response.status === 204) outcome.linesTaken += linesIn(otherwise.body ?? lines)
      const ofKind = outcome.answers.get(kind) ?? new Map<string, number>()
      const name = answer ?? `${response.status} unclear`
      outcome.answers.set(kind, ofKind.set(name, (ofKind.get(name) ?? 0) + 1))
      sent += 1
      onSent(sent)
    }
  }
  await Promise.all(Array.from({ length: 4 }, sender))
  return outcome
}

/** Lines of a segment, or of what unpacks to one; empty ones aside. */
function linesIn(segment: string | Buffer): number {
  const text = typeof segment === 'string' ? segment : zstdDecompressSync(segment).toString('latin1')
  return text.split('\n').filter((line) => line !== '').length
}

/** `400 bad-digest`; `undefined` when the answer doesn't say what is wrong and what to do. */
function refusalIn(status: number, text: string): string | undefined {
  try {
    const { code, detail, remedy } = JSON.parse(text)
    return status < 500 && code && detail && remedy ? `${status} ${code}` : undefined
  } catch {
    return undefined
  }
}

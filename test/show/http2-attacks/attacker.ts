/** One attack, as a program of its own: its name, the port, and for how many seconds at most. Tells what came of it. */
import { setTimeout as pause } from 'node:timers/promises'
import { type RawHttp2, rawHttp2, TYPE } from '../../edge/http2-frames.ts'
import { ATTACKS, type Attack } from './attacks.ts'

/** What came of an attack. */
export interface Outcome {
  connections: number
  /** Streams or frames that were sent. */
  units: number
  /** How connections ended, and how many so: `GOAWAY 11`, `closed`, or `left` by the attacker itself. */
  endings: Record<string, number>
  /** How streams were reset that waited, by error code. */
  resets: Record<string, number>
  /** From a connection's first byte until it was ended, ms: the longest. */
  longestMs: number
}

const [, , name, port, seconds] = process.argv
const attack = ATTACKS.find((one) => one.name === name)
if (attack === undefined) throw new Error(`there is no attack ${name}`)
const deadlineMs = performance.now() + Number(seconds) * 1_000
const outcome: Outcome = { connections: 0, units: 0, endings: {}, resets: {}, longestMs: 0 }

/** So much is sent before the other side is heard. */
const BATCH_BYTES = 65_536

await Promise.all(Array.from({ length: attack.lanes }, () => lane(attack)))
process.stdout.write(`${JSON.stringify(outcome)}\n`)
process.exit(0)

function isOver({ unitsMax }: Attack): boolean {
  return performance.now() > deadlineMs || outcome.units >= unitsMax
}

/** Attacks on one connection after the other. */
async function lane(attack: Attack): Promise<void> {
  while (!isOver(attack)) {
    const startedMs = performance.now()
    const viewer = await rawHttp2(Number(port), attack.settings).catch(() => undefined)
    if (viewer === undefined) {
      count(outcome.endings, 'no handshake')
      await pause(50)
      continue
    }
    outcome.connections += 1
    await attackOn(viewer, attack)
    if (attack.holdsAfter !== undefined) {
      while (!viewer.closed && performance.now() < deadlineMs) await pause(20)
      tellResets(viewer)
    }
    // What ended it may still be on its way.
    if (isOver(attack) && !viewer.closed) await pause(200)
    count(outcome.endings, endingOf(viewer))
    outcome.longestMs = Math.max(outcome.longestMs, Math.round(performance.now() - startedMs))
    viewer.socket.destroy()
  }
}

async function attackOn(viewer: RawHttp2, attack: Attack): Promise<void> {
  const { begins, repeats, holdsAfter = Number.POSITIVE_INFINITY } = attack
  if (begins !== undefined) viewer.send(begins)
  for (let at = 0; at < holdsAfter && !viewer.closed && !isOver(attack); ) {
    const batch: Buffer[] = []
    for (let bytes = 0; bytes < BATCH_BYTES && at < holdsAfter; at += 1) {
      const one = repeats(at)
      bytes += one.byteLength
      batch.push(one)
    }
    await viewer.sent(Buffer.concat(batch))
    outcome.units += batch.length
  }
}

function endingOf(viewer: RawHttp2): string {
  if (viewer.goaway !== undefined) return `GOAWAY ${viewer.goaway}`
  return viewer.closed ? 'closed' : 'left'
}

function tellResets({ frames }: RawHttp2): void {
  for (const { type, payload } of frames) {
    if (type === TYPE.reset) count(outcome.resets, String(payload.readUInt32BE(0)))
  }
}

function count(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1
}

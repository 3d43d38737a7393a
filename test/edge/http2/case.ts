import { CODE, type Code, get } from '../http2-frames.ts'
import { finalStatus, told, type Viewer, viewerAt } from './viewer.ts'

/** One sentence of an RFC that binds a server, and how it is seen on the wire that ours heeds it. */
export interface Case {
  /** Of RFC 9113, where no other is named. */
  section: string
  /** The sentence, in short. */
  says: string
  /** Payload of the viewer's SETTINGS. */
  settings?: Buffer
  /** In place of the preface and SETTINGS. */
  opens?: Buffer
  sends: readonly Buffer[] | ((viewer: Viewer) => Promise<void>)
  /** Where there are several, the RFC leaves it to the server. */
  expects: Expected | readonly Expected[]
  /** What else is to be seen. @throws when it isn't */
  sees?: (viewer: Viewer) => Promise<void> | void
}

/** What must come of it. Stream 1 is meant where none is named. */
export type Expected =
  /** GOAWAY with this code, then the connection is closed (§5.4.1). */
  | { connection: Code }
  /** The stream is reset with this code, and the connection goes on (§5.4.2). */
  | { stream: Code; on?: number }
  /** An answer, and the connection goes on. */
  | { status: number; on?: number }
  /** No error of any kind, and the connection goes on. */
  | { works: true }
  /** The connection is closed, with a GOAWAY or without. */
  | { closed: true }

/** A request that no origin may get to see: the path of those that are malformed. */
export const UNSEEN = '/unseen'

/** On this one it is asked whether a connection goes on. The last but one there is. */
export const PROBE_STREAM = 2 ** 31 - 3

/** Malformed requests are stream errors of this type (§8.1.1), before which a server may say what is wrong. */
export const MALFORMED = [
  { stream: 'PROTOCOL_ERROR' },
  { status: 400 },
] as const satisfies readonly Expected[]

/**
 * Runs a case over a connection of its own.
 *
 * @throws when something else came of it than is expected; the error says what
 */
export async function runCase(port: number, one: Case, { isByteByByte = false } = {}): Promise<void> {
  const { settings, opens } = one
  await using viewer = await viewerAt(port, {
    ...(settings && { settings }),
    ...(opens && { opens }),
    isByteByByte,
  })
  if (typeof one.sends === 'function') await one.sends(viewer)
  else await viewer.send(...one.sends)

  const all: readonly Expected[] = Array.isArray(one.expects) ? one.expects : [one.expects as Expected]
  // Whether it goes on isn't asked where it is to end: what comes then may keep our last words from arriving.
  if (!all.every((expected) => 'connection' in expected || 'closed' in expected)) {
    await viewer.send(get(PROBE_STREAM, '/hit'))
  }
  await viewer.until(() => all.find((expected) => isMet(viewer, expected)), JSON.stringify(one.expects))
  await one.sees?.(viewer)
}

function isMet({ raw, frames, resetCode }: Viewer, expected: Expected): boolean {
  if ('connection' in expected) return raw.closed && raw.goaway === CODE[expected.connection]
  if ('closed' in expected) return raw.closed
  if (raw.goaway !== undefined || finalStatus(frames, PROBE_STREAM) !== 200) return false
  if ('stream' in expected) return resetCode(expected.on ?? 1) === CODE[expected.stream]
  if ('status' in expected) return finalStatus(frames, expected.on ?? 1) === expected.status
  if (resetsIn(frames) > 0) throw new Error(`no error was to come, but: ${told(frames)}`)
  return true
}

function resetsIn(frames: Viewer['frames']): number {
  // Those with NO_ERROR only spare a viewer the rest of its upload (§8.1).
  return frames.filter(({ type, payload }) => type === 3 && payload.readUInt32BE() !== 0).length
}

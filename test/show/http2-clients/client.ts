import type { ClientsOrigin } from './origin.ts'

/** What is asked of clients. */
export interface World {
  /** `https://…`, without a path. */
  url: string
  port: number
  origin: ClientsOrigin
  /** Paths of the page and of its parts, and their bytes together. */
  page: { paths: readonly string[]; bytes: number }
  /** What is uploaded: 100 MB. */
  upload: { file: string; bytes: number; hash: string }
  downloadHash: string
  /** For files of clients. */
  folder: string
}

/** A program, or a part of one, that speaks HTTP/2. Disposing ends it. */
export interface Client extends AsyncDisposable {
  name: string
  /** By name. Each resolves with a few words on what was seen, and throws when it was not what it should be. */
  tasks: Readonly<Record<string, () => Promise<string>>>
}

/** How a client is found. */
export interface Candidate {
  name: string
  /** @throws ToolMissing where it isn't installed */
  start(world: World): Promise<Client>
}

/** @throws unless it is so */
export function must(isSo: boolean, otherwise: string): void {
  if (!isSo) throw new Error(otherwise)
}

/**
 * What is uploaded, in bytes that are neither all alike nor random. Stands alone: it runs in pages, too.
 *
 * @param bytes how many
 */
export function uploadBytes(bytes: number): Uint8Array<ArrayBuffer> {
  const upload = new Uint8Array(bytes)
  let state = 1
  for (let at = 0; at < bytes; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    upload[at] = state >>> 24
  }
  return upload
}

/** How many downloads are left half way, and how many at once. */
export const CANCELLED = { rounds: 20, streams: 10 }

import type { Case } from './case.ts'
import { PRIORITIES, WEBSOCKETS } from './extensions.ts'
import { STARTING } from './section-3-starting.ts'
import { COMPRESSION } from './section-4-compression.ts'
import { FIELD_SECTIONS, FRAMES } from './section-4-frames.ts'
import { OLD_PRIORITIES, STREAMS } from './section-5-streams.ts'
import { OF_CONNECTION_FRAMES } from './section-6-of-connections.ts'
import { OF_STREAM_FRAMES } from './section-6-of-streams.ts'
import { SETTINGS_FRAMES } from './section-6-settings.ts'
import { WINDOW_FRAMES } from './section-6-windows.ts'
import { HTTP } from './section-8-http.ts'

/** All cases, in the order of the RFC. */
export const CASES: readonly Case[] = [
  ...STARTING,
  ...FRAMES,
  ...FIELD_SECTIONS,
  ...COMPRESSION,
  ...STREAMS,
  ...OLD_PRIORITIES,
  ...OF_STREAM_FRAMES,
  ...SETTINGS_FRAMES,
  ...OF_CONNECTION_FRAMES,
  ...WINDOW_FRAMES,
  ...HTTP,
  ...PRIORITIES,
  ...WEBSOCKETS,
]

/** What a case is counted with: its section of RFC 9113, to the second number; the other RFCs as a whole. */
export function chapterOf({ section }: Case): string {
  return section.startsWith('RFC')
    ? section.split(' ').slice(0, 2).join(' ')
    : section.split('.').slice(0, 2).join('.')
}

/** Those with more bytes would take long, one by one; and functions wait themselves. */
const BYTES_MAX = 1_000

/** Whether a case can well be sent with each byte alone. */
export function isShort({ sends }: Case): boolean {
  return Array.isArray(sends) && sends.reduce((sum, { byteLength }) => sum + byteLength, 0) < BYTES_MAX
}

import { z } from 'zod'
import type { Page } from './asked.ts'

/** A capture's name: 32 hex digits of its SHA-256. */
const digest = z.string().regex(/^[0-9a-f]{32}$/)

const version = z.object({
  digest,
  /** Of the capture, pixels for each CSS pixel. */
  scale: z.number().min(1),
  /** When the page first looked so, Unix ms. */
  renderedAtMs: z.int().min(0),
  /** When it was last seen to look so, Unix ms. */
  checkedAtMs: z.int().min(0),
  /** Where redirects led. */
  finalUrl: z.string(),
  status: z.int(),
  title: z.string(),
  /** Absolute URL, as the page names it. */
  favicon: z.string().optional(),
  /** What the page says of its language (BCP 47). */
  language: z.string().optional(),
  /** What the page seems to be: see `page/verdict.ts`. */
  kind: z.enum(['page', 'blank', 'parking', 'login', 'document']),
  colour: z.string().regex(/^#[0-9a-f]{6}$/),
  thumbhash: z.string(),
})

const failure = z.object({
  code: z.string(),
  detail: z.string(),
  /** How often in a row. */
  times: z.int().min(1),
  /** Unix ms. */
  atMs: z.int(),
  /** Not tried again before, Unix ms. */
  untilMs: z.int(),
})

/** What is known of a look at a page: JSON in the store. */
export const pageRecord = z.object({
  version: z.literal(2),
  url: z.string(),
  /** How it looks and looked, newest first; none when it never worked. */
  versions: z.array(version),
  /** Its last render failed. */
  failure: failure.optional(),
})

const pair = z.object({ jpeg: digest, webp: digest })

/** A record of the first version: each picture was named by its own bytes. Only read to clear those away. */
export const firstRecord = z.object({
  version: z.literal(1),
  pictures: z.object({ small: pair, large: pair, full: pair }),
})

/** How a page looked once. */
export type Version = z.infer<typeof version>
export type Failure = z.infer<typeof failure>
export type PageRecord = z.infer<typeof pageRecord>

/** The record of a page of which nothing is known yet. */
export function emptyRecord(page: Page): PageRecord {
  return { version: 2, url: page.url, versions: [] }
}

/** The record with what was just rendered; a page that looks as before gets no new version. */
export function withVersion(record: PageRecord, seen: Version, versionsMax: number): PageRecord {
  const [latest, ...older] = record.versions
  const isSame = latest?.digest === seen.digest
  const newest = isSame ? { ...seen, renderedAtMs: latest.renderedAtMs } : seen
  // A page may go back to how it looked before: then it is one version, the newest.
  const before = (isSame || latest === undefined ? older : [latest, ...older]).filter(
    (one) => one.digest !== seen.digest,
  )
  return { version: 2, url: record.url, versions: [newest, ...before].slice(0, versionsMax) }
}

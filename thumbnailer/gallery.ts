import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Logger } from 'pino'
import type { z } from 'zod'
import type { ObjectStore } from '../origin-shield/origin/object-store.ts'
import type { Page } from './asked.ts'
import {
  emptyRecord,
  type Failure,
  firstRecord,
  type PageRecord,
  pageRecord,
  type Version,
  withVersion,
} from './gallery-record.ts'
import { type Capture, CUTS, type Cut, cutName, FIRST_CUTS, FORMATS, pictureOf } from './pictures.ts'

/**
 * Captures, pictures and records in the object store:
 *
 *   HOST/PAGE-ID/record.json                what is known of the page, and how it looked before
 *   HOST/PAGE-ID/DIGEST.jpg                 a captured page, named by its bytes
 *   HOST/PAGE-ID/DIGEST-SIZE-SCALE-N.webp   a picture of that capture, made when first asked for
 *
 * Captures are written before the record that names them and removed after it names others, so a
 * record leads to whole pictures whenever a program is killed.
 */
export interface Gallery {
  /** The page's record; an empty one when nothing is known of it (or the record is not one of ours). */
  record(page: Page): Promise<PageRecord>
  /** A picture; `undefined` when its capture was dropped since the record was read. */
  picture(page: Page, version: Version, cut: Cut): Promise<Buffer | undefined>
  /** Keeps what a page looks like now, and of how it looked before as much as is kept. */
  keep(page: Page, capture: Capture, seen: Omit<Version, 'digest' | 'scale'>): Promise<PageRecord>
  /** Notes that a page could not be rendered. */
  keepFailure(page: Page, failure: Failure): Promise<PageRecord>
}

export interface GalleryOptions {
  store: ObjectStore
  /** How many looks of a page are kept, the latest among them. */
  versionsMax: number
  /** Of pictures kept at hand, bytes. */
  memoryBytesMax: number
  log: Logger
}

/** Another thumbnailer's record is seen after this, ms. Between them it is read from memory. */
const RECORD_MS_MAX = 2_000
const RECORDS_MAX = 10_000

/** Keeps pictures in an object store, the latest of them in memory as well. Its methods reject with `ObjectStoreError`. */
export function createGallery({ store, versionsMax, memoryBytesMax, log }: GalleryOptions): Gallery {
  const keyOf = (page: Page, file: string) => `${folderOf(page.host)}/${page.id}/${file}`
  const records = new LRUCache<string, PageRecord>({ max: RECORDS_MAX, ttl: RECORD_MS_MAX })
  const pictures = new LRUCache<string, Buffer>({
    maxSize: memoryBytesMax,
    sizeCalculation: (picture) => picture.byteLength + 256,
  })
  const underWay = new Map<string, Promise<Buffer | undefined>>()

  async function readRecord(page: Page): Promise<PageRecord> {
    return (await readRecords(page)).record
  }

  /** @returns with it the files that an older version of this program kept of the page, of no use any more */
  async function readRecords(page: Page): Promise<{ record: PageRecord; outdated: string[] }> {
    const object = await store.get(keyOf(page, 'record.json'))
    if (object === undefined) return { record: emptyRecord(page), outdated: [] }
    const read = parseJson(object.body)
    const record = pageRecord.safeParse(read)
    if (record.success) return { record: record.data, outdated: [] }
    const first = firstRecord.safeParse(read)
    if (first.success) return { record: emptyRecord(page), outdated: filesOfFirst(first.data) }
    log.warn(
      { key: keyOf(page, 'record.json') },
      'a record in the store is not one of ours: a new one is made',
    )
    return { record: emptyRecord(page), outdated: [] }
  }

  async function writeRecord(page: Page, record: PageRecord): Promise<PageRecord> {
    const body = Buffer.from(JSON.stringify(pageRecord.parse(record)))
    await store.put(keyOf(page, 'record.json'), { body, contentType: 'application/json' })
    records.set(page.id, record)
    return record
  }

  /** Reads a picture, or makes and keeps it. */
  async function fetchPicture(page: Page, version: Version, cut: Cut): Promise<Buffer | undefined> {
    const key = keyOf(page, cutName(version.digest, cut))
    const kept = await store.get(key)
    if (kept !== undefined) return kept.body
    const capture = await store.get(keyOf(page, captureName(version.digest)))
    if (capture === undefined) return undefined
    return makePicture(page, version.digest, { jpeg: capture.body, scale: version.scale }, cut)
  }

  async function makePicture(page: Page, digest: string, capture: Capture, cut: Cut): Promise<Buffer> {
    const body = await pictureOf(capture, cut)
    const { contentType } = FORMATS[cut.format]
    await store.put(keyOf(page, cutName(digest, cut)), { body, contentType })
    return body
  }

  async function drop(page: Page, digest: string): Promise<void> {
    const files = [captureName(digest), ...CUTS.map((cut) => cutName(digest, cut))]
    await Promise.all(files.map((file) => store.delete(keyOf(page, file))))
  }

  async function clearAway(page: Page, files: readonly string[]): Promise<void> {
    await Promise.all(files.map((file) => store.delete(keyOf(page, file))))
  }

  return {
    async record(page) {
      const known = records.get(page.id)
      if (known !== undefined) return known
      const record = await readRecord(page)
      records.set(page.id, record)
      return record
    },
    async picture(page, version, cut) {
      const key = keyOf(page, cutName(version.digest, cut))
      const atHand = pictures.get(key)
      if (atHand !== undefined) return atHand
      const fetching = underWay.get(key) ?? fetchPicture(page, version, cut)
      underWay.set(key, fetching)
      try {
        const picture = await fetching
        if (picture !== undefined) pictures.set(key, picture)
        return picture
      } finally {
        underWay.delete(key)
      }
    },
    async keep(page, capture, seen) {
      const digest = createHash('sha256').update(capture.jpeg).digest('hex').slice(0, 32)
      const { record: before, outdated } = await readRecords(page)
      if (before.versions[0]?.digest !== digest) {
        const body = capture.jpeg
        await store.put(keyOf(page, captureName(digest)), { body, contentType: FORMATS.jpeg.contentType })
        await Promise.all(FIRST_CUTS.map((cut) => makePicture(page, digest, capture, cut)))
      }
      const version = { ...seen, digest, scale: capture.scale }
      const record = await writeRecord(page, withVersion(before, version, versionsMax))
      const named = new Set(record.versions.map((one) => one.digest))
      const obsolete = before.versions.filter((one) => !named.has(one.digest))
      await Promise.all(obsolete.map((one) => drop(page, one.digest)))
      await clearAway(
        page,
        outdated.filter((file) => file !== captureName(digest)),
      )
      return record
    },
    async keepFailure(page, failure) {
      const { record: before, outdated } = await readRecords(page)
      const record = await writeRecord(page, { ...before, failure })
      await clearAway(page, outdated)
      return record
    },
  }
}

function filesOfFirst({ pictures }: z.infer<typeof firstRecord>): string[] {
  return Object.values(pictures).flatMap(({ jpeg, webp }) => [
    `${jpeg}.${FORMATS.jpeg.extension}`,
    `${webp}.${FORMATS.webp.extension}`,
  ])
}

/** Of a site. What is no name of a folder, as an IPv6 address, is by its digest. */
function folderOf(host: string): string {
  if (/^[a-z0-9_-][a-z0-9._-]{0,200}$/.test(host)) return host
  return `_${createHash('sha256').update(host).digest('hex').slice(0, 32)}`
}

function captureName(digest: string): string {
  return `${digest}.${FORMATS.jpeg.extension}`
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined // as any other record that is not ours
  }
}

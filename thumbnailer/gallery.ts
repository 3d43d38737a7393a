import type { Logger } from 'pino'
import { z } from 'zod'
import type { ObjectStore } from '../origin-shield/origin/object-store.ts'
import type { Page } from './asked.ts'
import type { Rendering } from './browser/render.ts'
import { FORMATS, type Picture, type PictureFormat, type PictureSize, SIZE_NAMES } from './pictures.ts'

/**
 * Pictures and their records in the object store:
 *
 *   HOST/PAGE-ID/record.json       what is known of the page and which pictures are its latest
 *   HOST/PAGE-ID/DIGEST.jpg|.webp  one picture, named by its bytes
 *
 * Pictures are written before the record that names them and removed after it names others, so a
 * record leads to whole pictures whenever a program is killed.
 */
export interface Gallery {
  /** The page's record, or `undefined` when no picture was ever made (or the record is not one of ours). */
  record(page: Page): Promise<PageRecord | undefined>
  /** A picture that a record names; `undefined` when it was replaced since the record was read. */
  picture(
    page: Page,
    record: PageRecord,
    size: PictureSize,
    format: PictureFormat,
  ): Promise<Buffer | undefined>
  /** Keeps new pictures of a page in place of those that it had. */
  keep(page: Page, rendering: Rendering, pictures: readonly Picture[]): Promise<PageRecord>
}

const digest = z.string().regex(/^[0-9a-f]{32}$/)
const formats = z.object({ jpeg: digest, webp: digest })

const pageRecord = z.object({
  version: z.literal(1),
  url: z.string(),
  /** Where redirects led. */
  finalUrl: z.string(),
  status: z.int(),
  title: z.string(),
  /** Unix ms. */
  renderedAtMs: z.int().min(0),
  pictures: z.object({ small: formats, large: formats, full: formats }),
})

/** What is known of a page: JSON in the store. */
export type PageRecord = z.infer<typeof pageRecord>

/** Keeps pictures in an object store. Its methods reject with `ObjectStoreError`. */
export function createGallery(store: ObjectStore, log: Logger): Gallery {
  const keyOf = (page: Page, file: string) => `${page.host}/${page.id}/${file}`

  async function readRecord(page: Page): Promise<PageRecord | undefined> {
    const object = await store.get(keyOf(page, 'record.json'))
    if (object === undefined) return undefined
    const record = pageRecord.safeParse(parseJson(object.body))
    if (record.success) return record.data
    log.warn(
      { key: keyOf(page, 'record.json') },
      'a record in the store is not one of ours: a new one is made',
    )
    return undefined
  }

  return {
    record: readRecord,
    async picture(page, record, size, format) {
      const file = fileOf({ digest: record.pictures[size][format], format })
      return (await store.get(keyOf(page, file)))?.body
    },
    async keep(page, rendering, pictures) {
      const before = await readRecord(page)
      await Promise.all(
        pictures.map((picture) =>
          store.put(keyOf(page, fileOf(picture)), {
            body: picture.body,
            contentType: FORMATS[picture.format].contentType,
          }),
        ),
      )
      const record = recordOf(page, rendering, pictures)
      const body = Buffer.from(JSON.stringify(record))
      await store.put(keyOf(page, 'record.json'), { body, contentType: 'application/json' })
      const kept = new Set(filesOf(record))
      const obsolete = before === undefined ? [] : filesOf(before).filter((file) => !kept.has(file))
      await Promise.all(obsolete.map((file) => store.delete(keyOf(page, file))))
      return record
    },
  }
}

function recordOf(page: Page, rendering: Rendering, pictures: readonly Picture[]): PageRecord {
  const digestOf = (size: PictureSize, format: PictureFormat) =>
    pictures.find((picture) => picture.size === size && picture.format === format)?.digest
  const bySize = SIZE_NAMES.map((size) => [
    size,
    { jpeg: digestOf(size, 'jpeg'), webp: digestOf(size, 'webp') },
  ])
  const { finalUrl, status, title, renderedAtMs } = rendering
  // Parsed, so that a record with a picture missing can't be written.
  return pageRecord.parse({
    version: 1,
    url: page.url,
    finalUrl,
    status,
    title,
    renderedAtMs,
    pictures: Object.fromEntries(bySize),
  } satisfies Record<keyof PageRecord, unknown>)
}

function filesOf(record: PageRecord): string[] {
  return SIZE_NAMES.flatMap((size) => [
    fileOf({ digest: record.pictures[size].jpeg, format: 'jpeg' }),
    fileOf({ digest: record.pictures[size].webp, format: 'webp' }),
  ])
}

function fileOf(picture: Pick<Picture, 'digest' | 'format'>): string {
  return `${picture.digest}.${FORMATS[picture.format].extension}`
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined // as any other record that is not ours
  }
}

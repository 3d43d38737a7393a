import { LRUCache } from 'lru-cache'
import type { Logger } from 'pino'
import { describeError, SelvedgeError } from '../edge/program/errors.ts'
import type { Page } from './asked.ts'
import type { Gallery, PageRecord } from './gallery.ts'
import type { PictureFormat, PictureSize } from './pictures.ts'
import { type Problem, storeProblem } from './problem.ts'
import type { Studio } from './studio.ts'

/** A picture on its way to who asked. */
export interface Shown {
  body: Buffer
  digest: string
  record: PageRecord
  /** Older than it should be; a new one is being made. */
  isStale: boolean
}

/** Pictures of pages: kept ones, and new ones where there is none or it is too old. */
export interface Thumbnails {
  show(page: Page, size: PictureSize, format: PictureFormat): Promise<Shown | { problem: Problem }>
}

/** Sites whose failure is remembered; the longest unasked is forgotten first. */
const FAILURES_MAX = 10_000

interface Failure {
  problem: Problem
  untilMs: number
}

/**
 * Decides what who asks is given: a fresh picture as it is; a stale one at once, while a new one is
 * made; none yet: the one that is made now, once for all who ask meanwhile. A page that failed is
 * left alone for a while, and keeps its last good picture.
 *
 * @param options.nowMs Unix ms
 */
export function createThumbnails(options: {
  gallery: Gallery
  studio: Studio
  maxAgeSeconds: number
  failureSeconds: number
  nowMs: () => number
  log: Logger
}): Thumbnails {
  const { gallery, studio, log, nowMs } = options
  const making = new Map<string, Promise<PageRecord | { problem: Problem }>>()
  const failures = new LRUCache<string, Failure>({ max: FAILURES_MAX })

  async function show(
    page: Page,
    size: PictureSize,
    format: PictureFormat,
  ): Promise<Shown | { problem: Problem }> {
    const kept = await showKept(page, size, format)
    if (kept !== undefined) {
      if (kept.isStale && knownFailure(page) === undefined) void make(page)
      return kept
    }
    const problem = knownFailure(page)
    if (problem !== undefined) return { problem }
    const made = await make(page)
    if ('problem' in made) return made
    const body = await gallery.picture(page, made, size, format)
    if (body !== undefined) return shownOf(made, body, size, format)
    return {
      problem: { code: 'store-failed', detail: 'The new picture is not there yet.', retryAfterSeconds: 1 },
    }
  }

  /** Looks twice: between reading a record and its picture both may be replaced. */
  async function showKept(page: Page, size: PictureSize, format: PictureFormat): Promise<Shown | undefined> {
    for (let look = 1; look <= 2; look += 1) {
      const record = await gallery.record(page)
      if (record === undefined) return undefined
      const body = await gallery.picture(page, record, size, format)
      if (body !== undefined) return shownOf(record, body, size, format)
    }
    return undefined
  }

  function shownOf(record: PageRecord, body: Buffer, size: PictureSize, format: PictureFormat): Shown {
    const isStale = nowMs() - record.renderedAtMs >= options.maxAgeSeconds * 1_000
    return { body, digest: record.pictures[size][format], record, isStale }
  }

  function make(page: Page): Promise<PageRecord | { problem: Problem }> {
    const underWay = making.get(page.id)
    if (underWay !== undefined) return underWay
    const made = studio
      .make(page)
      .then((outcome) => {
        if ('problem' in outcome) remember(page, outcome.problem)
        return outcome
      })
      .catch(storeFailed)
      .finally(() => making.delete(page.id))
    making.set(page.id, made)
    return made
  }

  function remember(page: Page, problem: Problem): void {
    log.info({ url: page.url, problem }, 'no picture could be made')
    if (!problem.code.startsWith('site-')) return // ours to mend, and soon
    failures.set(page.id, { problem, untilMs: nowMs() + options.failureSeconds * 1_000 })
  }

  function knownFailure(page: Page): Problem | undefined {
    const failure = failures.get(page.id)
    if (failure === undefined || failure.untilMs <= nowMs()) return undefined
    return { ...failure.problem, retryAfterSeconds: Math.ceil((failure.untilMs - nowMs()) / 1_000) }
  }

  function storeFailed(error: unknown): { problem: Problem } {
    log.error(describeError(error))
    if (error instanceof SelvedgeError) return { problem: storeProblem(error) }
    return {
      problem: { code: 'browser-failed', detail: 'The picture could not be made.', retryAfterSeconds: 10 },
    }
  }

  return { show }
}

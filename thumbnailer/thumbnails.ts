import type { Logger } from 'pino'
import { describeError, SelvedgeError } from '../edge/program/errors.ts'
import type { Asked, Page } from './asked.ts'
import { freshSecondsOf, pauseSecondsAfter } from './freshness.ts'
import type { Gallery } from './gallery.ts'
import type { PageRecord, Version } from './gallery-record.ts'
import { type Cut, cutName } from './pictures.ts'
import { type Problem, type ProblemCode, storeProblem } from './problem.ts'
import type { Studio } from './studio.ts'

/** A picture on its way to who asked. */
export interface Shown {
  body: Buffer
  /** Of this very picture, for its tag. */
  name: string
  version: Version
  /** How long it may be kept, seconds; 0 when it is older than it should be and a new one is being made. */
  freshSeconds: number
}

/** There is no picture yet, and who asked does not wait for it. */
export interface Awaited {
  awaited: true
}

/** Pictures of pages: kept ones, and new ones where there is none or it is too old. */
export interface Thumbnails {
  show(asked: Asked): Promise<Shown | Awaited | { problem: Problem }>
  /** Makes a new picture soon, however fresh the kept one is; nobody waits for it. */
  refresh(page: Page): Promise<{ problem: Problem } | undefined>
  /**
   * Makes a new picture when the kept one is too old for a site of that rank, or there is none, after all that people
   * wait for. A page that failed is left alone as long as for anybody. Resolves when the new picture is there.
   *
   * @returns whether one was made, or why not
   */
  renew(page: Page, rank: number | undefined): Promise<'made' | 'fresh' | { problem: Problem }>
  /** How a page looks and looked. */
  record(page: Page): Promise<PageRecord>
}

export interface ThumbnailsOptions {
  gallery: Gallery
  studio: Studio
  /** Of the top sites' pictures. */
  maxAgeSeconds: number
  /** After the first failure. */
  failureSeconds: number
  /** Unix ms. */
  nowMs: () => number
  log: Logger
}

/**
 * Decides what who asks is given: a fresh picture as it is; a stale one at once, while a new one is
 * made; none yet: the one that is made now, once for all who ask meanwhile. A page that failed is
 * left alone for a while, longer each time, and keeps its last good picture.
 */
export function createThumbnails(options: ThumbnailsOptions): Thumbnails {
  const { gallery, studio, log, nowMs } = options
  const making = new Map<string, Promise<PageRecord | { problem: Problem }>>()

  async function show(asked: Asked): Promise<Shown | Awaited | { problem: Problem }> {
    const { page } = asked
    const record = await gallery.record(page)
    if (asked.version !== undefined) return showVersion(asked, record, asked.version)
    const kept = await showLatest(asked, record)
    if (kept !== undefined) {
      if (kept.freshSeconds === 0 && pauseOf(record) === undefined) void make(page, { isUrgent: false })
      return kept
    }
    const problem = pauseOf(record)
    if (problem !== undefined) return { problem }
    const made = make(page)
    if (!asked.wait) return { awaited: true }
    const outcome = await made
    if ('problem' in outcome) return outcome
    return (await showLatest(asked, outcome)) ?? { problem: gone() }
  }

  async function showLatest(asked: Asked, record: PageRecord): Promise<Shown | undefined> {
    const [latest] = record.versions
    if (latest === undefined) return undefined
    const body = await gallery.picture(asked.page, latest, asked.cut)
    // Another thumbnailer may have replaced it since the record was read: then it is as if there were none.
    if (body === undefined) return undefined
    const ageSeconds = Math.max(0, nowMs() - latest.checkedAtMs) / 1_000
    const freshSeconds = freshSecondsOf(asked.rank, options.maxAgeSeconds) - ageSeconds
    return shownOf(latest, asked.cut, body, Math.max(0, Math.ceil(freshSeconds)))
  }

  async function showVersion(
    asked: Asked,
    record: PageRecord,
    digest: string,
  ): Promise<Shown | { problem: Problem }> {
    const version = record.versions.find((one) => one.digest === digest)
    const body = version && (await gallery.picture(asked.page, version, asked.cut))
    if (version === undefined || body === undefined) {
      return { problem: { code: 'no-version', detail: 'No picture of that version is kept.' } }
    }
    return shownOf(version, asked.cut, body, options.maxAgeSeconds)
  }

  async function renew(
    page: Page,
    rank: number | undefined,
  ): Promise<'made' | 'fresh' | { problem: Problem }> {
    const record = await gallery.record(page)
    const ageMs = nowMs() - (record.versions[0]?.checkedAtMs ?? 0)
    if (ageMs < freshSecondsOf(rank, options.maxAgeSeconds) * 1_000) return 'fresh'
    const problem = pauseOf(record)
    if (problem !== undefined) return { problem }
    const made = await make(page, { isUrgent: false })
    return 'problem' in made ? made : 'made'
  }

  /** Urgent is what somebody waits for. */
  function make(page: Page, how = { isUrgent: true }): Promise<PageRecord | { problem: Problem }> {
    const underWay = making.get(page.id)
    if (underWay !== undefined) return underWay
    const made = studio
      .make(page, how)
      .then(async (outcome) => ('problem' in outcome ? await remember(page, outcome.problem) : outcome))
      .catch(storeFailed)
      .finally(() => making.delete(page.id))
    making.set(page.id, made)
    return made
  }

  /** Sites' failures are kept with the page, so that another thumbnailer and the next start know them. */
  async function remember(page: Page, problem: Problem): Promise<{ problem: Problem }> {
    log.info({ url: page.url, problem }, 'no picture could be made')
    if (!isOfTheSite(problem.code)) return { problem } // ours to mend, and soon
    const { failure } = await gallery.record(page)
    const times = (failure?.times ?? 0) + 1
    const untilMs = nowMs() + pauseSecondsAfter(times, options.failureSeconds) * 1_000
    const { code, detail } = problem
    await gallery.keepFailure(page, { code, detail, times, atMs: nowMs(), untilMs })
    return { problem }
  }

  function pauseOf({ failure }: PageRecord): Problem | undefined {
    if (failure === undefined || failure.untilMs <= nowMs() || !isOfTheSite(failure.code)) return undefined
    const { code, detail, untilMs } = failure
    return { code, detail, retryAfterSeconds: Math.ceil((untilMs - nowMs()) / 1_000) }
  }

  function storeFailed(error: unknown): { problem: Problem } {
    log.error(describeError(error))
    if (error instanceof SelvedgeError) return { problem: storeProblem(error) }
    return {
      problem: { code: 'browser-failed', detail: 'The picture could not be made.', retryAfterSeconds: 10 },
    }
  }

  return {
    show,
    record: gallery.record,
    renew,
    async refresh(page) {
      const problem = studio.wontMake(page)
      if (problem !== undefined) return { problem }
      void make(page, { isUrgent: false })
      return undefined
    },
  }
}

function shownOf(version: Version, cut: Cut, body: Buffer, freshSeconds: number): Shown {
  return { body, name: cutName(version.digest, cut), version, freshSeconds }
}

/** Problems that the site has, and that go with it until it mends them. */
const OF_THE_SITE = [
  'site-error',
  'site-unreachable',
  'site-too-slow',
  'site-blank',
  'site-guarded',
  'site-refused',
  'site-too-heavy',
  'site-crashed',
  'no-page',
  'robots-refused',
] as const satisfies ProblemCode[]

function isOfTheSite(code: string): code is (typeof OF_THE_SITE)[number] {
  return (OF_THE_SITE as readonly string[]).includes(code)
}

function gone(): Problem {
  return { code: 'store-failed', detail: 'The new picture is not there yet.', retryAfterSeconds: 1 }
}

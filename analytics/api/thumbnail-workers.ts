import { hash } from 'node:crypto'

/** How long one that did not answer is asked last, ms. */
const AVOIDED_MS = 5_000

/** Several thumbnailers with one store, each of which is asked about sites of its own for as long as it answers. */
export interface ThumbnailWorkers {
  /**
   * Asks the site's own, and after it others, in the site's own order: what was under way in one that dies is asked
   * of the next, and nothing but time is lost.
   *
   * @param askOne rejects when no answer came
   * @param isAnswer whether to be content with it; the last one's is taken as it is
   */
  ask<Answer>(
    site: string,
    askOne: (worker: string) => Promise<Answer>,
    isAnswer: (answer: Answer) => boolean,
  ): Promise<Answer>
}

/**
 * Rendezvous hashing (highest random weight): each site has its own order of workers, so one that comes or goes moves
 * only its own sites, and a site is rendered, limited and remembered in one place.
 *
 * @param urls where they listen, one or more
 * @param nowMs Unix ms
 */
export function shareAmong(urls: readonly string[], nowMs: () => number): ThumbnailWorkers {
  const silentUntilMs = new Map<string, number>()
  const isSilent = (worker: string) => (silentUntilMs.get(worker) ?? 0) > nowMs()

  /** Best first; those that did not answer a moment ago last. */
  function orderFor(site: string): string[] {
    const byWeight = urls
      .map((url) => ({ url, weight: hash('sha1', `${url}\n${site}`) }))
      .sort((a, b) => (a.weight < b.weight ? 1 : -1))
      .map(({ url }) => url)
    return [...byWeight.filter((url) => !isSilent(url)), ...byWeight.filter(isSilent)]
  }

  return {
    async ask(site, askOne, isAnswer) {
      const order = orderFor(site)
      const last = order.at(-1) as string // there is one at least
      for (const worker of order.slice(0, -1)) {
        try {
          const answer = await askOne(worker)
          if (isAnswer(answer)) return answer
        } catch (error) {
          // Who asked has no more time: the others would not be quicker.
          if (isOutOfTime(error)) throw error
          silentUntilMs.set(worker, nowMs() + AVOIDED_MS)
        }
      }
      return askOne(last)
    },
  }
}

function isOutOfTime(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError'
}

import { getDomain } from 'tldts'

/** Who waits for a turn. */
export interface Wanted {
  /** Host of the page. */
  host: string
  /** Somebody waits for it; a picture that is made anew because it is old can wait longer. */
  isUrgent: boolean
}

/**
 * Lets so many work at the same time and so many wait; the others are turned away. Whom somebody waits
 * for goes first. No site takes all turns: others find one while its pages are slow.
 *
 * Disposing turns away all who wait, and waits a while for those at work.
 */
export interface Turns extends AsyncDisposable {
  /** The work's outcome, or `undefined` when it was turned away. */
  take<T>(wanted: Wanted, work: () => Promise<T>): Promise<T | undefined>
  /** How many wait now. */
  readonly waiting: number
}

export interface TurnLimits {
  concurrency: number
  waitingMax: number
  /** Of one site at the same time. */
  perSite: number
}

/** How long those at work may go on after the end, ms. */
const DRAIN_MS_MAX = 3_000

interface Waiting {
  site: string
  isUrgent: boolean
  go(may: boolean): void
}

export function createTurns({ concurrency, waitingMax, perSite }: TurnLimits): Turns {
  const waiting: Waiting[] = []
  const workingOf = new Map<string, number>()
  let working = 0
  let isClosed = false
  let onIdle: (() => void) | undefined

  const isFree = (site: string) => working < concurrency && (workingOf.get(site) ?? 0) < perSite

  function begin(site: string): void {
    working += 1
    workingOf.set(site, (workingOf.get(site) ?? 0) + 1)
  }

  function end(site: string): void {
    working -= 1
    const left = (workingOf.get(site) ?? 1) - 1
    if (left === 0) workingOf.delete(site)
    else workingOf.set(site, left)
    const next = nextOf(waiting, isFree)
    if (next !== undefined) {
      waiting.splice(waiting.indexOf(next), 1)
      begin(next.site)
      next.go(true)
    }
    if (working === 0) onIdle?.()
  }

  /** Waits for a turn. @returns whether it came */
  function wait(site: string, isUrgent: boolean): Promise<boolean> {
    if (waiting.length >= waitingMax) {
      const lastPatient = isUrgent ? waiting.findLastIndex((one) => !one.isUrgent) : -1
      if (lastPatient === -1) return Promise.resolve(false)
      waiting.splice(lastPatient, 1)[0]?.go(false)
    }
    return new Promise((resolve) => waiting.push({ site, isUrgent, go: resolve }))
  }

  return {
    get waiting() {
      return waiting.length
    },
    async take({ host, isUrgent }, work) {
      if (isClosed) return undefined
      const site = getDomain(host, { allowPrivateDomains: true }) ?? host
      if (isFree(site)) begin(site)
      else if (!(await wait(site, isUrgent))) return undefined
      try {
        return await work()
      } finally {
        end(site)
      }
    },
    async [Symbol.asyncDispose]() {
      isClosed = true
      for (const one of waiting.splice(0)) one.go(false)
      if (working === 0) return
      await new Promise<void>((resolve) => {
        onIdle = resolve
        setTimeout(resolve, DRAIN_MS_MAX).unref()
      })
    },
  }
}

/** Of those whose site has a turn left: the first whom somebody waits for, else the first. */
function nextOf(waiting: readonly Waiting[], isFree: (site: string) => boolean): Waiting | undefined {
  const able = waiting.filter(({ site }) => isFree(site))
  return able.find(({ isUrgent }) => isUrgent) ?? able[0]
}

import type { Logger } from 'pino'
import { messageOf } from '../clickhouse/failure.ts'
import type { Ask } from '../queries/ask.ts'
import { arrivals } from '../queries/live.ts'
import { createFollower, type Follower } from './live-streams.ts'

/** How often is asked what came, ms; a little longer than answers are remembered. */
const LOOK_MS = 3_000

/** How often a connection shows that it lives, ms: proxies give up after 30 or 60 s of silence. */
const BEAT_MS = 15_000

/** Who has read nothing for so long is gone, ms. */
const STALLED_MS_MAX = 60_000

/** Followers at a time, and with one key or of one network. */
const FOLLOWERS_MAX = 500
const FOLLOWERS_PER_CALLER_MAX = 10

export interface LiveOptions {
  ask: Ask
  log: Logger
  /** Unix ms. */
  now(): number
  /** For tests; else as above. */
  lookMs?: number | undefined
  beatMs?: number | undefined
}

/** Why somebody may not follow. */
export type Refused = 'too-many' | 'too-many-of-caller' | 'stopping'

/** All who follow live traffic. Nothing is asked of ClickHouse while nobody does, and once for all of them. */
export interface LiveHub {
  /**
   * @param site one site, or all
   * @param caller whose connections are counted together; `undefined` for who may have any number
   */
  follow(site: string | undefined, caller: string | undefined): Follower | Refused
  readonly followers: number
  /** Says goodbye to all, and lets nobody in any more. */
  end(): void
}

export function createLiveHub(options: LiveOptions): LiveHub {
  const { ask, log, now, lookMs = LOOK_MS, beatMs = BEAT_MS } = options
  const followers = new Map<Follower, string | undefined>()
  let timers: NodeJS.Timeout[] = []
  let isStopping = false
  let ofAll = arrivals(ask, now)
  let ofSome = arrivals(ask, now)
  let isLooking = false

  async function look(): Promise<void> {
    if (isLooking) return
    isLooking = true
    try {
      await tellAll()
    } catch (error) {
      log.warn({ failure: messageOf(error) }, 'live traffic can not be had')
    } finally {
      isLooking = false
    }
  }

  async function tellAll(): Promise<void> {
    const sites = [...new Set([...followers.keys()].flatMap(({ site }) => site ?? []))].sort()
    const isAllFollowed = [...followers.keys()].some(({ site }) => site === undefined)
    // What came while nobody followed is no news to who does now.
    if (!isAllFollowed) ofAll = arrivals(ask, now)
    if (sites.length === 0) ofSome = arrivals(ask, now)
    const arrived = isAllFollowed ? await ofAll([]) : undefined
    const arrivedOfSome = sites.length > 0 ? await ofSome(sites) : undefined
    for (const follower of followers.keys()) {
      const news = follower.site === undefined ? arrived : arrivedOfSome
      if (news !== undefined && news.seconds > 0) follower.tell(news)
    }
  }

  function beat(): void {
    for (const follower of followers.keys()) {
      const { stalledSinceMs } = follower
      if (stalledSinceMs !== undefined && now() - stalledSinceMs > STALLED_MS_MAX) follower.stream.destroy()
      else follower.beat()
    }
  }

  function start(): void {
    ofAll = arrivals(ask, now)
    ofSome = arrivals(ask, now)
    timers = [setInterval(look, lookMs), setInterval(beat, beatMs)]
    look()
  }

  function stop(): void {
    for (const timer of timers) clearInterval(timer)
    timers = []
  }

  return {
    get followers() {
      return followers.size
    },
    follow(site, caller) {
      if (isStopping) return 'stopping'
      if (followers.size >= FOLLOWERS_MAX) return 'too-many'
      const ofCaller = [...followers.values()].filter((other) => other === caller).length
      if (caller !== undefined && ofCaller >= FOLLOWERS_PER_CALLER_MAX) return 'too-many-of-caller'
      const follower = createFollower(site, now)
      followers.set(follower, caller)
      follower.stream.once('close', () => {
        followers.delete(follower)
        if (followers.size === 0) stop()
      })
      if (timers.length === 0) start()
      return follower
    },
    end() {
      if (isStopping) return
      isStopping = true
      stop()
      for (const follower of followers.keys()) follower.end()
    },
  }
}
